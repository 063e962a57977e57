/* The heart of the int8 depthwise convolutions with a 3x3 window on cores with the DSP extension.

   Four channels at a time are taken apart into planes of halfwords. A word of a plane holds one column of two
   rows that lie one upon the other, so that a SMLAD multiplies two taps of one channel. Pair row p is rows 2p
   - pad_h (low half) and 2p + 1 - pad_h (high half) of the image; its columns stand one after the other, each
   as the words of four channels. Padding is there, as zero points: nothing is tested where the products are
   made.

   Pair rows p and p + 1 together make two rows of outputs (stride 1), which need three rows each, or one
   (stride 2). A channel's block in flash holds its bias, the pairs (w0, w1) of the three columns, the pairs
   (w1, w2) of the three columns, and two constants of its requantisation, which is TFLite's to the bit in
   either of two forms.

   NK_PLANES_ONCE: SMMLA and SSAT, for activations that clamp negative sums away, with constants that are
   found and proved at build time (ops/high_multiply.py). NK_PLANES_TWICE: the first rounding, (acc *
   multiplier + 2^30) >> 31, is SMMLAR with the constant 2 * multiplier - 2^32 and acc added in at bit 32;
   negative values lose one, since halves are rounded away from zero; the shift by s >= 2 with the second
   rounding is SMMLAR by 2^(32 - s), the zero point added in. */
#ifndef NK_PLANES_S8_H
#define NK_PLANES_S8_H

#include <stdint.h>
#include <string.h>

#include "nk_halves_s8.h"

#define NK_PLANES_BLOCK 9

/* Some rows of `lanes` channels that stand side by side. Stride 1: y is the second row of outputs, `row`
   bytes behind the first; with row = 0 the second is computed and then overwritten by the first. step: bytes
   from an output to the next in its row. Words of the planes from `a` and `b` to threes_end make three
   outputs a time, the rest to `end` two (stride 2: one) a time. span: bytes from the first row of the planes
   to the last. What differs from channel to channel is counted up. */
typedef struct nk_planes {
  int8_t *y;
  int32_t step;
  int32_t row;
  const int32_t *threes_end;
  const int32_t *end;
  int32_t pitch; /* bytes from a pair row to the next */
  int32_t span;
  int32_t zero; /* the output's zero point */
  const int32_t *a;
  const int32_t *b;
  const int32_t *block;
  int32_t lanes;
} nk_planes;

typedef void nk_planes_function(nk_planes *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* How outputs are stored, and the bytes of one. */
#define NK_PLANES_ONCE_STORE "strb"
#define NK_PLANES_ONCE_BYTES "1"
#define NK_PLANES_TWICE_STORE "strb"
#define NK_PLANES_TWICE_BYTES "1"
#define NK_PLANES_ONCE_LOAD "ldr r3, [r2, #28]\n ldr r12, [r2, #32]\n"
#define NK_PLANES_ONCE(r) "smmla " r ", " r ", r3, r12\n ssat " r ", #8, " r ", asr #4\n"
#define NK_PLANES_TWICE_LOAD "ldr r3, [r2, #28]\n ldr r12, [r2, #32]\n ldr lr, [sp, #28]\n"
#define NK_PLANES_TWICE(r)                                                               \
  "smmlar " r ", " r ", r3, " r "\n add " r ", " r ", " r ", asr #31\n smmlar " r ", " r \
  ", r12, lr\n"                                                                          \
  "ssat " r ", #8, " r "\n"

/* One word of pair row a (two taps of the upper output, one of the lower) or of pair row b (the other way
 * round). */
#define NK_PLANES_A(up, down, w, x) \
  "smlad " up ", " w ", " x ", " up "\n smlatb " down ", " x ", " w ", " down "\n"
#define NK_PLANES_B(up, down, w, x) \
  "smlabt " up ", " x ", " w ", " up "\n smlad " down ", " w ", " x ", " down "\n"
/* The same for the first word of an output: `bias` is what the sums start from. */
#define NK_PLANES_A0(up, down, w, x, bias) \
  "smlad " up ", " w ", " x ", " bias "\n smlatb " down ", " x ", " w ", " bias "\n"

/* Two rows of three outputs: r0 a, r1 b, r2 block, r4-r6 the upper row's sums, r7-r9 the lower's, r3 r12 lr
   weights, r10 r11 words of the planes. */
#define NK_PLANES_THREE(LOAD, SCALE) \
  "ldr r9, [r2]\n ldr r3, [r2, #4]\n ldr r12, [r2, #8]\n ldr r10, [r0], #16\n ldr r11, [r0], " \
  "#16\n"         \
  NK_PLANES_A0("r4", "r7", "r3", "r10", "r9") NK_PLANES_A("r4", "r7", "r12", "r11")                         \
  NK_PLANES_A0("r5", "r8", "r3", "r11", "r9")                                                               \
  "ldr lr, [r2, #12]\n ldr r10, [r0], #16\n ldr r11, [r0]\n"                                                \
  NK_PLANES_A("r4", "r7", "lr", "r10") NK_PLANES_A("r5", "r8", "r12", "r10")                                \
  NK_PLANES_A0("r6", "r9", "r3", "r10", "r9") NK_PLANES_A("r5", "r8", "lr", "r11")                          \
  NK_PLANES_A("r6", "r9", "r12", "r11")                                                                     \
  "ldr r10, [r0, #16]\n ldr r3, [r2, #16]\n ldr r12, [r2, #20]\n ldr r11, [r1], #16\n"                      \
  NK_PLANES_A("r6", "r9", "lr", "r10") NK_PLANES_B("r4", "r7", "r3", "r11")                                 \
  "ldr lr, [r2, #24]\n ldr r10, [r1], #16\n ldr r11, [r1], #16\n"                                           \
  NK_PLANES_B("r4", "r7", "r12", "r10") NK_PLANES_B("r5", "r8", "r3", "r10")                                \
  NK_PLANES_B("r4", "r7", "lr", "r11") NK_PLANES_B("r5", "r8", "r12", "r11")                                \
  NK_PLANES_B("r6", "r9", "r3", "r11")                                                                      \
  "ldr r10, [r1]\n ldr r11, [r1, #16]\n"                                                                    \
  NK_PLANES_B("r5", "r8", "lr", "r10") NK_PLANES_B("r6", "r9", "r12", "r10")                                \
  NK_PLANES_B("r6", "r9", "lr", "r11")                                                                      \
  "ldr r10, [sp]\n ldr r11, [sp, #4]\n" LOAD SCALE("r7") SCALE("r8") SCALE("r9")                            \
  SCALE##_STORE " r7, [r10]\n " SCALE##_STORE " r8, [r10, r11]\n " SCALE##_STORE " r9, [r10, r11, lsl #1]\n"                                    \
  "ldr r7, [sp, #8]\n ldr r8, [sp, #12]\n sub r7, r10, r7\n" SCALE("r4") SCALE("r5") SCALE("r6")            \
  SCALE##_STORE " r4, [r7]\n " SCALE##_STORE " r5, [r7, r11]\n " SCALE##_STORE " r6, [r7, r11, lsl #1]\n"                                       \
  "add r10, r10, r11\n add r10, r10, r11, lsl #1\n str r10, [sp]\n cmp r0, r8\n"

/* Two rows of two outputs: r4 r5 and r7 r8 their sums, r6 r9 r10 r11 words of the planes. */
#define NK_PLANES_TWO(LOAD, SCALE) \
  "ldr r8, [r2]\n ldr r3, [r2, #4]\n ldr r12, [r2, #8]\n ldr lr, [r2, #12]\n"                               \
  "ldr r6, [r0], #16\n ldr r9, [r0], #16\n ldr r10, [r0]\n ldr r11, [r0, #16]\n"                            \
  NK_PLANES_A0("r4", "r7", "r3", "r6", "r8") NK_PLANES_A("r4", "r7", "r12", "r9")                           \
  NK_PLANES_A0("r5", "r8", "r3", "r9", "r8") NK_PLANES_A("r4", "r7", "lr", "r10")                           \
  NK_PLANES_A("r5", "r8", "r12", "r10") NK_PLANES_A("r5", "r8", "lr", "r11")                                \
  "ldr r3, [r2, #16]\n ldr r12, [r2, #20]\n ldr lr, [r2, #24]\n"                                            \
  "ldr r6, [r1], #16\n ldr r9, [r1], #16\n ldr r10, [r1]\n ldr r11, [r1, #16]\n"                            \
  NK_PLANES_B("r4", "r7", "r3", "r6") NK_PLANES_B("r4", "r7", "r12", "r9")                                  \
  NK_PLANES_B("r5", "r8", "r3", "r9") NK_PLANES_B("r4", "r7", "lr", "r10")                                  \
  NK_PLANES_B("r5", "r8", "r12", "r10") NK_PLANES_B("r5", "r8", "lr", "r11")                                \
  "ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r6, [sp, #8]\n ldr r9, [sp, #16]\n" LOAD SCALE("r7") SCALE("r8") \
  "sub r6, r10, r6\n " SCALE##_STORE " r7, [r10]\n " SCALE##_STORE " r8, [r10, r11]\n" SCALE("r4") SCALE("r5")                        \
  SCALE##_STORE " r4, [r6]\n " SCALE##_STORE " r5, [r6, r11]\n add r10, r10, r11, lsl #1\n str r10, [sp]\n cmp r0, r9\n"

/* Three outputs of stride 2: r4-r6 their sums, r7-r11 words of the planes. */
#define NK_PLANES_S2_THREE(LOAD, SCALE)                                                                  \
  "ldr r6, [r2]\n ldr r3, [r2, #4]\n ldr r12, [r2, #8]\n ldr lr, [r2, #12]\n ldr r7, [r0], #16\n"        \
  "ldr r8, [r0], #16\n ldr r9, [r0], #16\n ldr r10, [r0], #16\n ldr r11, [r0], #16\n"                    \
  "smlad r4, r3, r7, r6\n smlad r4, r12, r8, r4\n smlad r4, lr, r9, r4\n"                                \
  "smlad r5, r3, r9, r6\n smlad r5, r12, r10, r5\n smlad r5, lr, r11, r5\n smlad r6, r3, r11, r6\n"      \
  "ldr r7, [r0], #16\n ldr r8, [r0]\n ldr r3, [r2, #16]\n ldr r9, [r1], #16\n ldr r10, [r1], #16\n"      \
  "ldr r11, [r1], #16\n"                                                                                 \
  "smlad r6, r12, r7, r6\n smlad r6, lr, r8, r6\n smlabt r4, r9, r3, r4\n"                               \
  "ldr r12, [r2, #20]\n ldr lr, [r2, #24]\n ldr r7, [r1], #16\n ldr r8, [r1], #16\n"                     \
  "smlabt r4, r10, r12, r4\n smlabt r4, r11, lr, r4\n smlabt r5, r11, r3, r5\n smlabt r5, r7, r12, r5\n" \
  "smlabt r5, r8, lr, r5\n smlabt r6, r8, r3, r6\n"                                                      \
  "ldr r7, [r1], #16\n ldr r8, [r1]\n smlabt r6, r7, r12, r6\n smlabt r6, r8, lr, r6\n"                  \
  "ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r9, [sp, #12]\n" LOAD SCALE("r4") SCALE("r5") SCALE("r6")     \
      SCALE##_STORE " r4, [r10]\n " SCALE##_STORE " r5, [r10, r11]\n " SCALE##_STORE                     \
      " r6, [r10, r11, lsl #1]\n"                                                                        \
      "add r10, r10, r11\n add r10, r10, r11, lsl #1\n str r10, [sp]\n cmp r0, r9\n"

/* One output of stride 2. */
#define NK_PLANES_S2_ONE(LOAD, SCALE)                                                      \
  "ldr r4, [r2]\n ldr r3, [r2, #4]\n ldr r12, [r2, #8]\n ldr lr, [r2, #12]\n"              \
  "ldr r7, [r0], #16\n ldr r8, [r0], #16\n ldr r9, [r0]\n"                                 \
  "smlad r4, r3, r7, r4\n smlad r4, r12, r8, r4\n smlad r4, lr, r9, r4\n"                  \
  "ldr r3, [r2, #16]\n ldr r12, [r2, #20]\n ldr lr, [r2, #24]\n"                           \
  "ldr r7, [r1], #16\n ldr r8, [r1], #16\n ldr r9, [r1]\n"                                 \
  "smlabt r4, r7, r3, r4\n smlabt r4, r8, r12, r4\n smlabt r4, r9, lr, r4\n"               \
  "ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r9, [sp, #16]\n" LOAD SCALE("r4") SCALE##_STORE \
      " r4, [r10]\n add r10, r11\n str r10, [sp]\n cmp r0, r9\n"

/* A channel's part of the struct is copied to the stack: sp+0 y, 4 step, 8 row, 12 threes_end, 16 end, 20
   pitch, 24 `end` of the last row, 28 zero, 32 the struct, 36 lanes. Label 1: a channel; 2: three outputs; 3:
   what is left; 5: on to the next row, `skip` bytes behind the last outputs; 6: on to the next channel. */
#define NK_PLANES_ROWS(name, THREE, REST, skip, NEXT, bytes)                                            \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) nk_planes *s) {             \
    __asm__ volatile(                                                                                   \
        "push {r4-r11, lr}\n sub sp, #40\n ldr r1, [r0, #44]\n str r0, [sp, #32]\n str r1, [sp, #36]\n" \
        "1: ldr r0, [sp, #32]\n ldm r0, {r1-r11}\n add r7, r5\n stm sp, {r1-r8}\n cmp r9, r4\n"         \
        "add r1, #" bytes                                                                               \
        "\n add r4, #4\n add r5, #4\n str r1, [r0]\n str r4, [r0, #12]\n str r5, [r0, #16]\n"           \
        "add r3, r9, #4\n add r4, r10, #4\n add r5, r11, #36\n"                                         \
        "str r3, [r0, #32]\n str r4, [r0, #36]\n str r5, [r0, #40]\n"                                   \
        "mov r0, r9\n mov r1, r10\n mov r2, r11\n beq 4f\n"                                             \
        "2:\n" THREE                                                                                    \
        "bne 2b\n"                                                                                      \
        "3: ldr r3, [sp, #16]\n cmp r0, r3\n beq 5f\n"                                                  \
        "4:\n" REST                                                                                     \
        "bne 4b\n"                                                                                      \
        "5: ldr r4, [sp, #16]\n ldr r6, [sp, #24]\n ldr r3, [sp, #12]\n ldr r5, [sp, #20]\n"            \
        "ldr r7, [sp]\n ldr r8, [sp, #8]\n cmp r4, r6\n beq 6f\n"                                       \
        "add r0, #" skip "\n add r1, #" skip                                                            \
        "\n add r3, r5\n add r4, r5\n str r3, [sp, #12]\n"                                              \
        "str r4, [sp, #16]\n" NEXT                                                                      \
        "cmp r0, r3\n bne 2b\n b 4b\n"                                                                  \
        "6: ldr r3, [sp, #36]\n subs r3, #1\n str r3, [sp, #36]\n bne 1b\n"                             \
        "add sp, sp, #40\n pop {r4-r11, pc}\n");                                                        \
  }
#define NK_PLANES_S1(name, SCALE)                                                                      \
  NK_PLANES_ROWS(name, NK_PLANES_THREE(SCALE##_LOAD, SCALE), NK_PLANES_TWO(SCALE##_LOAD, SCALE), "32", \
                 "add r7, r8\n str r7, [sp]\n", SCALE##_BYTES)
#define NK_PLANES_S2(name, SCALE)                                                                            \
  NK_PLANES_ROWS(name, NK_PLANES_S2_THREE(SCALE##_LOAD, SCALE), NK_PLANES_S2_ONE(SCALE##_LOAD, SCALE), "16", \
                 "", SCALE##_BYTES)

/* One column of two rows, one upon the other, `row` bytes apart, of four channels; on to the next column. */
#define NK_PLANES_COLUMN                                                                                   \
  "ldr r4, [%[x]]\n ldr r5, [%[x], %[row]]\n add %[x], %[step]\n pkhbt r6, r4, r5, lsl #16\n"              \
  "pkhtb r5, r5, r4, asr #16\n sxtb16 r4, r6\n sxtb16 r6, r6, ror #8\n str r6, [%[to], #4]\n"              \
  "sxtb16 r6, r5\n sxtb16 r5, r5, ror #8\n str r6, [%[to], #8]\n str r5, [%[to], #12]\n str r4, [%[to]], " \
  "#16\n"
#define NK_PLANES_COLUMNS(COLUMNS)                    \
  __asm__ volatile(COLUMNS                            \
                   : [x] "+r"(x), [to] "+r"(planes)   \
                   : [row] "r"(row), [step] "r"(step) \
                   : "r4", "r5", "r6", "memory")

/* `rows` times `n` columns of two rows inside the image; `pitch` words from a pair row to the next. */
__attribute__((noinline, unused)) static void nk_planes_inside(int32_t *planes, const int8_t *x, int32_t row,
                                                               int32_t step, int32_t n, int32_t rows,
                                                               int32_t pitch) {
  for (; rows > 0; rows--) {
    if (n & 1) NK_PLANES_COLUMNS(NK_PLANES_COLUMN);
    for (int32_t twos = n >> 1; twos > 0; twos--) NK_PLANES_COLUMNS(NK_PLANES_COLUMN NK_PLANES_COLUMN);
    planes += pitch - 4 * n;
    x += 2 * row - n * step;
  }
}

#else /* the same in C: what the assembly is held against, and what other machines run in tests */

static inline int32_t nk_planes_low(int32_t pair) { return (int16_t)((uint32_t)pair & 0xFFFFU); }

static inline int32_t nk_planes_high(int32_t pair) { return (int16_t)((uint32_t)pair >> 16); }

/* SMLAD, the sum modulo 2^32. */
static inline int32_t nk_planes_smlad(int32_t w, int32_t x, int32_t acc) {
  const int32_t low = nk_planes_low(w) * nk_planes_low(x);
  const int32_t high = nk_planes_high(w) * nk_planes_high(x);
  return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

/* SMMLAR: (acc * 2^32 + a * b + 2^31) >> 32. */
static inline int32_t nk_planes_smmlar(int32_t a, int32_t b, int32_t acc) {
  const uint64_t product = (uint64_t)((int64_t)a * b) + (UINT64_C(1) << 31);
  return (int32_t)((uint32_t)acc + (uint32_t)(product >> 32));
}

static inline int8_t nk_planes_saturated(int32_t value) {
  return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

static inline int8_t nk_planes_once(int32_t acc, const nk_planes *s) {
  const int32_t high = (int32_t)(((int64_t)acc * s->block[7]) >> 32);
  return nk_planes_saturated((high + s->block[8]) >> 4);
}

static inline int8_t nk_planes_twice(int32_t acc, const nk_planes *s) {
  const int32_t value = nk_planes_smmlar(acc, s->block[7], acc);
  return nk_planes_saturated(nk_planes_smmlar(value + (value >> 31), s->block[8], s->zero));
}

/* Sum of the upper output whose first column is at `a` and `b`. */
static inline int32_t nk_planes_upper(const int32_t *a, const int32_t *b, const int32_t *block) {
  int32_t acc = block[0];
  for (int32_t c = 0; c < 3; c++) {
    acc = nk_planes_smlad(block[1 + c], a[4 * c], acc);
    acc = nk_planes_smlad(nk_planes_high(block[4 + c]) & 0xFFFF, b[4 * c], acc);
  }
  return acc;
}

static inline int32_t nk_planes_lower(const int32_t *a, const int32_t *b, const int32_t *block) {
  int32_t acc = block[0];
  for (int32_t c = 0; c < 3; c++) {
    acc = nk_planes_smlad(nk_planes_low(block[1 + c]) & 0xFFFF, nk_planes_high(a[4 * c]) & 0xFFFF, acc);
    acc = nk_planes_smlad(block[4 + c], b[4 * c], acc);
  }
  return acc;
}

typedef int8_t nk_planes_scale(int32_t acc, const nk_planes *s);

static inline void nk_planes_rows(const nk_planes *s, int32_t stride, nk_planes_scale *scale) {
  int8_t *y = s->y;
  const int32_t words = (int32_t)(s->end - s->a);
  const int32_t pitch = s->pitch >> 2;
  const int32_t *a = s->a;
  const int32_t *b = s->b;
  for (int32_t left = s->span >> 2; left >= 0; left -= pitch, a += pitch, b += pitch) {
    for (int32_t i = 0; i < words; i += 4 * stride, y += s->step) {
      if (stride == 1) *y = scale(nk_planes_lower(a + i, b + i, s->block), s);
      *(stride == 1 ? y - s->row : y) = scale(nk_planes_upper(a + i, b + i, s->block), s);
    }
    y += stride == 1 ? s->row : 0;
  }
}

static inline void nk_planes_channels(nk_planes *s, int32_t stride, nk_planes_scale *scale) {
  for (; s->lanes > 0; s->lanes--) {
    nk_planes_rows(s, stride, scale);
    s->y++;
    s->threes_end++;
    s->end++;
    s->a++;
    s->b++;
    s->block += NK_PLANES_BLOCK;
  }
}

#define NK_PLANES_ONCE nk_planes_once
#define NK_PLANES_TWICE nk_planes_twice
#define NK_PLANES_S1(name, SCALE) \
  static inline void name(nk_planes *s) { nk_planes_channels(s, 1, SCALE); }
#define NK_PLANES_S2(name, SCALE) \
  static inline void name(nk_planes *s) { nk_planes_channels(s, 2, SCALE); }

#endif

/* `n` columns of two rows, one upon the other, of four channels; `*_step` bytes from a column to the next. */
static inline void nk_planes_take(int32_t *planes, const int8_t *upper, int32_t upper_step,
                                  const int8_t *lower, int32_t lower_step, int32_t n) {
  for (; n > 0; n--, planes += 4, upper += upper_step, lower += lower_step) {
    uint32_t up;
    uint32_t down;
    memcpy(&up, upper, 4);
    memcpy(&down, lower, 4);
    const uint32_t first = (up & 0xFFFFU) | (down << 16);
    const uint32_t last = (down & 0xFFFF0000U) | (up >> 16);
    planes[0] = nk_planes_even(first);
    planes[1] = nk_planes_odd(first);
    planes[2] = nk_planes_even(last);
    planes[3] = nk_planes_odd(last);
  }
}

#if !(defined(__ARM_FEATURE_DSP) && defined(__thumb2__))
static inline void nk_planes_inside(int32_t *planes, const int8_t *x, int32_t row, int32_t step, int32_t n,
                                    int32_t rows, int32_t pitch) {
  for (; rows > 0; rows--, planes += pitch, x += 2 * row) nk_planes_take(planes, x, step, x + row, step, n);
}
#endif

#endif
