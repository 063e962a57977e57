/* One row of int16 activations times all output channels, four at a time, on cores with the DSP extension:
   fully connected layers, and convolutions of a pixel or two.

   Weights are read once, so that unpacking them costs as much as multiplying. Two channels share a halfword:
   the low byte is a, the high byte b less what a's sign takes from it, so that the halfword is 256 b + a.
   SMLALD on the word as it lies adds up 256 B + A in 64 bits, SXTB16 and SMLAD add up A; B is the difference.
   That is one unpacking for four MACs, 19 cycles for 16. Where a weight of -128 leaves no room for the sign,
   `plain` rows unpack both channels: 23 cycles. Sums have 32 bits: it is proved at build time that they fit.
 */
#ifndef NK_ROW_S16_H
#define NK_ROW_S16_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_halves_s16.h"

/* Groups of four inputs that one pass of the loop takes. */
#define NK_ROW_S16_PASS 8

/* Weights: for every four inputs words (a0 b0 a1 b1) (c0 d0 c1 d1) (a2 b2 a3 b3) (c2 d2 c3 d3). Scales: for
   every four channels the start of A, of 256 B + A (two words), of C, of 256 D + C (two words; plain rows: of
   A, B, an unused word, and of C, D, an unused word; wide rows: A, 256 B + A, C, 256 D + C, two words each),
   then each channel's constants. `first`: groups in the first pass. */
typedef struct nk_row_s16 {
  const int16_t *x;
  int32_t first;
  const int16_t *x_end;
  const int8_t *weights;
  const int8_t *weights_end;
  const int32_t *scales;
  int16_t *y;
} nk_row_s16;

typedef void nk_row_s16_function(const nk_row_s16 *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 x, r1 weights, r4 A, r5 r6 256 B + A, r7 C, r8 r9 256 D + C (plain: r5 B, r8 D); 72 and 88 bytes of
 * code. */
#define NK_ROW_S16_LOADS                                                                              \
  "ldr r2, [r0], #4\n ldr r3, [r0], #4\n ldr r10, [r1], #4\n ldr r11, [r1], #4\n ldr r12, [r1], #4\n" \
  "ldr lr, [r1], #4\n"
#define NK_ROW_S16_SHARED                                                                      \
  NK_ROW_S16_LOADS                                                                             \
  "smlald r5, r6, r10, r2\n sxtb16 r10, r10\n smlald r8, r9, r11, r2\n sxtb16 r11, r11\n"      \
  "smlad r4, r10, r2, r4\n smlad r7, r11, r2, r7\n smlald r5, r6, r12, r3\n sxtb16 r12, r12\n" \
  "smlald r8, r9, lr, r3\n sxtb16 lr, lr\n smlad r4, r12, r3, r4\n smlad r7, lr, r3, r7\n"
#define NK_ROW_S16_BOTH(w, x, first, second)                                                               \
  "sxtb16 r6, " w "\n sxtb16 " w ", " w ", ror #8\n smlad " first ", r6, " x ", " first "\n smlad " second \
  ", " w ", " x ", " second "\n"
#define NK_ROW_S16_PLAIN                   \
  NK_ROW_S16_LOADS                         \
  NK_ROW_S16_BOTH("r10", "r2", "r4", "r5") \
  NK_ROW_S16_BOTH("r11", "r2", "r7", "r8") \
  NK_ROW_S16_BOTH("r12", "r3", "r4", "r5") NK_ROW_S16_BOTH("lr", "r3", "r7", "r8")
/* r4 r5 A, r6 r7 256 B + A, r8 r9 C, r10 r11 256 D + C. */
#define NK_ROW_S16_WIDE_PAIR                                                             \
  "ldr r2, [r0], #4\n ldr r3, [r1], #4\n ldr r12, [r1], #4\n"                            \
  "smlald r6, r7, r3, r2\n sxtb16 r3, r3\n smlald r10, r11, r12, r2\n sxtb16 r12, r12\n" \
  "smlald r4, r5, r3, r2\n smlald r8, r9, r12, r2\n"
#define NK_ROW_S16_WIDE NK_ROW_S16_WIDE_PAIR NK_ROW_S16_WIDE_PAIR
#define NK_ROW_S16_WIDE_BYTES "72"
#define NK_ROW_S16_WIDE_STARTS "{r4-r11}"
#define NK_ROW_S16_SHARED_STARTS "{r4-r9}"
#define NK_ROW_S16_PLAIN_STARTS "{r4-r9}"
#define NK_ROW_S16_SHARED_BYTES "72"
#define NK_ROW_S16_PLAIN_BYTES "88"
#define NK_ROW_S16_EIGHT(GROUP) GROUP GROUP GROUP GROUP GROUP GROUP GROUP GROUP
/* (256 B + A - A) / 256, and so for D. */
#define NK_ROW_S16_APART(sum, low, high)                                                                   \
  "subs " low ", " sum "\n sbc " high ", " high ", " sum ", asr #31\n lsr " low ", #8\n orr " low ", " low \
  ", " high ", lsl #24\n"
#define NK_ROW_S16_SHARED_APART NK_ROW_S16_APART("r4", "r5", "r6") NK_ROW_S16_APART("r7", "r8", "r9")
#define NK_ROW_S16_PLAIN_APART ""
/* 64 bits to 32, saturated: the low word takes the result. */
#define NK_ROW_S16_SATURATE(low, high)                                                            \
  "cmp " high ", " low ", asr #31\n ittt ne\n asrne " low ", " high ", #31\n eorne " low ", " low \
  ", #0x80000000\n mvnne " low ", " low "\n"
#define NK_ROW_S16_WIDE_APART \
  "subs r6, r4\n sbc r7, r7, r5\n" NK_ROW_S16_SATURATE("r4", "r5")                                       \
  "lsr r5, r6, #8\n orr r5, r5, r7, lsl #24\n asr r7, r7, #8\n" NK_ROW_S16_SATURATE("r5", "r7")          \
  "subs r10, r8\n sbc r11, r11, r9\n" NK_ROW_S16_SATURATE("r8", "r9") "mov r7, r8\n"                     \
  "lsr r8, r10, #8\n orr r8, r8, r11, lsl #24\n asr r11, r11, #8\n" NK_ROW_S16_SATURATE("r8", "r11")

/* r10 r11 scratch; the product's middle word is rounded as it is made. */
#define NK_ROW_S16_DOUBLE(r, low, high) \
  "smmla r10, " r ", " low ", r12\n mov r11, #0\n smlal r10, r11, " r ", " high "\n ssat " r ", #16, r11\n"
#define NK_ROW_S16_DOUBLES                                                                                  \
  "mov r12, #0x80000000\n ldm r0!, {r2, r3, r6, r9}\n" NK_ROW_S16_DOUBLE("r4", "r2", "r3")                  \
      NK_ROW_S16_DOUBLE("r5", "r6", "r9") "ldm r0!, {r2, r3, r6, r9}\n" NK_ROW_S16_DOUBLE("r7", "r2", "r3") \
          NK_ROW_S16_DOUBLE("r8", "r6", "r9")
#define NK_ROW_S16_ONCE(r, m) "smmulr " r ", " r ", " m "\n ssat " r ", #16, " r "\n"
#define NK_ROW_S16_ONCES                                                                \
  "ldm r0!, {r2, r3, r6, r9}\n" NK_ROW_S16_ONCE("r4", "r2") NK_ROW_S16_ONCE("r5", "r3") \
      NK_ROW_S16_ONCE("r7", "r6") NK_ROW_S16_ONCE("r8", "r9")

/* On the stack: sp+0 x, 4 where the first pass begins, 8 x_end, 12 weights, 16 weights_end, 20 scales, 24 y.
   Label 1: four channels; 3: a pass; 4: behind it. */
#define NK_ROW_S16_FUNCTION(name, GROUP, SCALE)                                                           \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_row_s16 *s) {        \
    __asm__ volatile(                                                                                     \
        "push {r4-r11, lr}\n ldm r0, {r1-r7}\n adr.w r12, 4f\n add r12, #1\n mov r11, #" GROUP##_BYTES    \
        "\n mls r2, r2, r11, r12\n push {r1-r7}\n mov r1, r4\n"                                           \
        "1: ldr r0, [sp, #20]\n ldm r0!, " GROUP##_STARTS                                                 \
        "\n str r0, [sp, #20]\n ldm sp, {r0, r2}\n bx r2\n"                                               \
        "3:\n" NK_ROW_S16_EIGHT(                                                                          \
            GROUP) "4: ldr r2, [sp, #8]\n cmp r0, r2\n bne 3b\n ldr r0, [sp, #20]\n" GROUP##_APART SCALE  \
        "ldr r2, [sp, #24]\n str r0, [sp, #20]\n pkhbt r4, r4, r5, lsl #16\n pkhbt r7, r7, r8, lsl #16\n" \
        "str r4, [r2], #4\n str r7, [r2], #4\n str r2, [sp, #24]\n"                                       \
        "ldr r2, [sp, #16]\n cmp r1, r2\n bne 1b\n"                                                       \
        "add sp, sp, #28\n pop {r4-r11, pc}\n");                                                          \
  }
#define NK_ROW_S16_DEFINE_SHARED(name) NK_ROW_S16_FUNCTION(name, NK_ROW_S16_SHARED, NK_ROW_S16_DOUBLES)
#define NK_ROW_S16_DEFINE_PLAIN(name) NK_ROW_S16_FUNCTION(name, NK_ROW_S16_PLAIN, NK_ROW_S16_DOUBLES)
#define NK_ROW_S16_DEFINE_WIDE(name) NK_ROW_S16_FUNCTION(name, NK_ROW_S16_WIDE, NK_ROW_S16_DOUBLES)
#define NK_ROW_S16_DEFINE_CONV(name) NK_ROW_S16_FUNCTION(name, NK_ROW_S16_SHARED, NK_ROW_S16_ONCES)

#else /* the same in C */

/* How a pair of channels is summed up. */
typedef enum nk_row_s16_form {
  NK_ROW_S16_IS_SHARED,
  NK_ROW_S16_IS_PLAIN,
  NK_ROW_S16_IS_WIDE
} nk_row_s16_form;

/* acc + x[0] * w[0] + x[1] * w[step], w of `bytes` bytes (1 or 2). */
static inline int64_t nk_row_s16_dot(int64_t acc, const int16_t *x, const int8_t *w, int32_t bytes) {
  for (int32_t i = 0; i < 2; i++, w += 2) {
    int16_t pair;
    memcpy(&pair, w, 2);
    acc += (int32_t)x[i] * (bytes == 1 ? *w : pair);
  }
  return acc;
}

static inline int64_t nk_row_s16_start(const int32_t *words) {
  int64_t start;
  memcpy(&start, words, sizeof(start));
  return start;
}

/* The sums of two neighbouring channels. The narrow forms are proved to fit 32 bits, so that nothing is
 * saturated. */
static inline void nk_row_s16_two(const nk_row_s16 *s, const int8_t *w, const int32_t *start,
                                  nk_row_s16_form form, int32_t sums[2]) {
  const int32_t words = form == NK_ROW_S16_IS_WIDE ? 2 : 1;
  int64_t one = words == 2 ? nk_row_s16_start(start) : start[0];
  int64_t other = form == NK_ROW_S16_IS_PLAIN ? start[1] : nk_row_s16_start(start + words);
  for (const int16_t *x = s->x; x < s->x_end; x += 2, w += 8) {
    one = nk_row_s16_dot(one, x, w, 1);
    other = form == NK_ROW_S16_IS_PLAIN ? nk_row_s16_dot(other, x, w + 1, 1) : nk_row_s16_dot(other, x, w, 2);
  }
  sums[0] = nk_saturated_sum_s16(one);
  sums[1] = nk_saturated_sum_s16(form == NK_ROW_S16_IS_PLAIN ? other : (other - one) / 256);
}

/* `words` constants of the requantisation a channel. */
static inline void nk_row_s16_run(const nk_row_s16 *s, nk_row_s16_form form, int32_t words) {
  const int32_t bytes = 4 * (int32_t)(s->x_end - s->x);
  const int32_t starts = form == NK_ROW_S16_IS_WIDE ? 4 : 3;
  int16_t *y = s->y;
  const int32_t *scales = s->scales;
  for (const int8_t *w = s->weights; w < s->weights_end; w += bytes, scales += 2 * starts + 4 * words) {
    for (int32_t h = 0; h < 2; h++) {
      int32_t sums[2];
      nk_row_s16_two(s, w + 4 * h, scales + starts * h, form, sums);
      for (int32_t c = 0; c < 2; c++) {
        const int32_t *scale = scales + 2 * starts + (2 * h + c) * words;
        *y++ = words == 2 ? nk_scaled_double_s16(sums[c], scale) : nk_scaled_s16(sums[c], *scale, INT16_MIN);
      }
    }
  }
}

#define NK_ROW_S16_DEFINE(name, form, words) \
  static inline void name(const nk_row_s16 *s) { nk_row_s16_run(s, form, words); }
#define NK_ROW_S16_DEFINE_SHARED(name) NK_ROW_S16_DEFINE(name, NK_ROW_S16_IS_SHARED, 2)
#define NK_ROW_S16_DEFINE_PLAIN(name) NK_ROW_S16_DEFINE(name, NK_ROW_S16_IS_PLAIN, 2)
#define NK_ROW_S16_DEFINE_WIDE(name) NK_ROW_S16_DEFINE(name, NK_ROW_S16_IS_WIDE, 2)
#define NK_ROW_S16_DEFINE_CONV(name) NK_ROW_S16_DEFINE(name, NK_ROW_S16_IS_SHARED, 1)

#endif

/* `rows` rows; one that is no whole number of groups goes by way of `scratch`, zeros behind it. */
static inline void nk_row_s16_rows(nk_row_s16_function *function, const int16_t *x, const int8_t *w,
                                   const int32_t *scales, int16_t *y, int16_t *scratch,
                                   const nk_row_s16_args *a) {
  const int32_t padded = 4 * a->groups;
  const int32_t fours = a->channels >> 2;
  const int32_t rest = a->channels & 3;
  nk_row_s16 s = {.first = a->first};
  for (int32_t i = padded != a->depth ? a->depth : padded; i < padded; i++) scratch[i] = 0;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    if (padded != a->depth) memcpy(scratch, x, 2 * (size_t)a->depth);
    s.x = padded != a->depth ? scratch : x;
    s.x_end = s.x + padded;
    s.weights = w;
    s.weights_end = w + 4 * padded * fours;
    s.scales = scales;
    s.y = y;
    if (fours > 0) function(&s);
    if (rest > 0) {
      int16_t last[4];
      s.weights = s.weights_end;
      s.weights_end += 4 * padded;
      s.scales += fours * a->words;
      s.y = last;
      function(&s);
      memcpy(y + 4 * fours, last, 2 * (size_t)rest);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int16_t)nk_clamp(y[c], a->low, a->high);
  }
}

#endif
