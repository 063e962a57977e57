/* The heart of the int16 convolutions on cores with the DSP extension: three (or two) pixels times all output
   channels, two channels at a time.

   Activations are pairs of halfwords already, so that SMLAD takes them as they lie: a pixel's window is one
   run of halfwords, and the next pixel's begins `step` bytes on. A word of weights holds two inputs of two
   channels, bytes a0 b0 a1 b1, so that SXTB16 gives (a0, a1) and, rotated, (b0, b1): four loads, two
   unpackings and six SMLADs make twelve MACs. Sums have 32 bits: it is proved at build time that they fit. */
#ifndef NK_STRIP_S16_H
#define NK_STRIP_S16_H

#include "nk_halves_s16.h"

/* Pairs of inputs that one pass of the loop takes. */
#define NK_STRIP_S16_PASS 8

/* `first` is how many pairs the first pass takes (1 to NK_STRIP_S16_PASS), `run` the bytes of a window, a
   multiple of four. `scales` is a stream: the biases of the first two channels, then for every two channels
   their constants of the requantisation and the biases of the next two. y + p * stride bytes is pixel p. */
typedef struct nk_strip_s16 {
  const int16_t *x;
  int32_t step;
  int32_t first;
  int32_t run;
  const int8_t *weights;
  const int8_t *weights_end;
  const int32_t *scales;
  int16_t *y;
  int32_t stride;
} nk_strip_s16;

typedef void nk_strip_s16_function(const nk_strip_s16 *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 x, r1 weights, r2 step, r4-r6 one channel's sums, r7 r8 lr the other's; 48 and 36 bytes of code. */
#define NK_STRIP_S16_THREE                                                                  \
  "ldr r12, [r1], #4\n ldr r11, [r0, r2, lsl #1]\n ldr r10, [r0, r2]\n ldr r9, [r0], #4\n"  \
  "sxtb16 r3, r12\n smlad r4, r3, r9, r4\n smlad r5, r3, r10, r5\n smlad r6, r3, r11, r6\n" \
  "sxtb16 r3, r12, ror #8\n smlad r7, r3, r9, r7\n smlad r8, r3, r10, r8\n smlad lr, r3, r11, lr\n"
#define NK_STRIP_S16_TWO                                            \
  "ldr r12, [r1], #4\n ldr r10, [r0, r2]\n ldr r9, [r0], #4\n"      \
  "sxtb16 r3, r12\n smlad r4, r3, r9, r4\n smlad r5, r3, r10, r5\n" \
  "sxtb16 r3, r12, ror #8\n smlad r7, r3, r9, r7\n smlad r8, r3, r10, r8\n"
#define NK_STRIP_S16_THREE_SPREAD "mov r5, r4\n mov r6, r4\n mov r8, r7\n mov lr, r7\n"
#define NK_STRIP_S16_TWO_SPREAD "mov r5, r4\n mov r8, r7\n"
#define NK_STRIP_S16_THREE_BYTES "48"
#define NK_STRIP_S16_TWO_BYTES "36"
#define NK_STRIP_S16_EIGHT(PAIR) PAIR PAIR PAIR PAIR PAIR PAIR PAIR PAIR

/* The requantisations of one channel's sums, its constants in r2 (and r3 r9). */
#define NK_STRIP_S16_ONCE(r, m) "smmulr " r ", " r ", " m "\n ssat " r ", #16, " r "\n"
#define NK_STRIP_S16_RELU(r, m) "smmulr " r ", " r ", " m "\n usat " r ", #15, " r "\n"
#define NK_STRIP_S16_TWICE(r)                                                                  \
  "smmlar " r ", " r ", r2, " r "\n add " r ", " r ", " r ", asr #31\n add " r ", r3\n asr " r \
  ", r9\n ssat " r ", #16, " r "\n"

/* r10 r11 r12 are scratch. */
#define NK_STRIP_S16_DOUBLE(r) \
  "smmla r10, " r ", r2, r12\n mov r11, #0\n smlal r10, r11, " r ", r3\n ssat " r ", #16, r11\n"

/* Bytes of both channels go out as one word a pixel. */
#define NK_STRIP_S16_THREE_OUT                                                          \
  "ldr r9, [sp, #28]\n ldr r10, [sp, #32]\n"                                            \
  "pkhbt r4, r4, r7, lsl #16\n pkhbt r5, r5, r8, lsl #16\n pkhbt r6, r6, lr, lsl #16\n" \
  "str r6, [r9, r10, lsl #1]\n str r5, [r9, r10]\n str r4, [r9], #4\n str r9, [sp, #28]\n"
#define NK_STRIP_S16_TWO_OUT                                                                         \
  "ldr r9, [sp, #28]\n ldr r10, [sp, #32]\n pkhbt r4, r4, r7, lsl #16\n pkhbt r5, r5, r8, lsl #16\n" \
  "str r5, [r9, r10]\n str r4, [r9], #4\n str r9, [sp, #28]\n"

#define NK_STRIP_S16_THREE_ONCE(SCALE)                                                          \
  "ldm r0!, {r2, r3}\n" SCALE("r4", "r2") SCALE("r5", "r2") SCALE("r6", "r2") SCALE("r7", "r3") \
      SCALE("r8", "r3") SCALE("lr", "r3") NK_STRIP_S16_THREE_OUT
#define NK_STRIP_S16_TWO_ONCE(SCALE)                                                            \
  "ldm r0!, {r2, r3}\n" SCALE("r4", "r2") SCALE("r5", "r2") SCALE("r7", "r3") SCALE("r8", "r3") \
      NK_STRIP_S16_TWO_OUT
#define NK_STRIP_S16_THREE_TWICE                                                                           \
  "ldm r0!, {r2, r3, r9}\n" NK_STRIP_S16_TWICE("r4") NK_STRIP_S16_TWICE("r5")                              \
      NK_STRIP_S16_TWICE("r6") "ldm r0!, {r2, r3, r9}\n" NK_STRIP_S16_TWICE("r7") NK_STRIP_S16_TWICE("r8") \
          NK_STRIP_S16_TWICE("lr") NK_STRIP_S16_THREE_OUT
#define NK_STRIP_S16_TWO_TWICE                                                                             \
  "ldm r0!, {r2, r3, r9}\n" NK_STRIP_S16_TWICE("r4")                                                       \
      NK_STRIP_S16_TWICE("r5") "ldm r0!, {r2, r3, r9}\n" NK_STRIP_S16_TWICE("r7") NK_STRIP_S16_TWICE("r8") \
          NK_STRIP_S16_TWO_OUT
#define NK_STRIP_S16_THREE_DOUBLE                                                                         \
  "mov r12, #0x80000000\n ldm r0!, {r2, r3}\n" NK_STRIP_S16_DOUBLE("r4") NK_STRIP_S16_DOUBLE("r5")        \
      NK_STRIP_S16_DOUBLE("r6") "ldm r0!, {r2, r3}\n" NK_STRIP_S16_DOUBLE("r7") NK_STRIP_S16_DOUBLE("r8") \
          NK_STRIP_S16_DOUBLE("lr") NK_STRIP_S16_THREE_OUT
#define NK_STRIP_S16_TWO_DOUBLE                                                                           \
  "mov r12, #0x80000000\n ldm r0!, {r2, r3}\n" NK_STRIP_S16_DOUBLE("r4")                                  \
      NK_STRIP_S16_DOUBLE("r5") "ldm r0!, {r2, r3}\n" NK_STRIP_S16_DOUBLE("r7") NK_STRIP_S16_DOUBLE("r8") \
          NK_STRIP_S16_TWO_OUT
/* No requantisation: the sums themselves, the first channel's before the second's. */
#define NK_STRIP_S16_THREE_RAW "ldr r9, [sp, #28]\n stm r9, {r4, r5, r6, r7, r8, lr}\n"
#define NK_STRIP_S16_TWO_RAW "ldr r9, [sp, #28]\n stm r9, {r4, r5, r7, r8}\n"

/* On the stack: sp+0 x, 4 step, 8 where the first pass begins, 12 end of the first window, 16 weights, 20
   weights_end, 24 scales, 28 y, 32 stride. Label 1: two channels; 3: a pass; 4: behind it. */
#define NK_STRIP_S16_FUNCTION(name, PIXELS, FINISH)                                                     \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_strip_s16 *s) {    \
    __asm__ volatile(                                                                                   \
        "push {r4-r11, lr}\n ldm r0, {r1-r9}\n adr.w r12, 4f\n add r12, #1\n mov r11, #" PIXELS##_BYTES \
        "\n mls r3, r3, r11, r12\n add r4, r1\n push {r1-r9}\n mov r1, r5\n mov r0, r7\n"               \
        "ldm r0!, {r4, r7}\n str r0, [sp, #24]\n"                                                       \
        "1: " PIXELS##_SPREAD                                                                           \
        "ldm sp, {r0, r2, r3}\n bx r3\n"                                                                \
        "3:\n" NK_STRIP_S16_EIGHT(                                                                      \
            PIXELS) "4: ldr r3, [sp, #12]\n cmp r0, r3\n bne 3b\n ldr r0, [sp, #24]\n" FINISH           \
                    "ldm r0!, {r4, r7}\n str r0, [sp, #24]\n ldr r2, [sp, #20]\n cmp r1, r2\n bne 1b\n" \
                    "add sp, sp, #36\n pop {r4-r11, pc}\n");                                            \
  }

/* name3 and name2 make three and two pixels. */
#define NK_STRIP_S16_BOTH(name, THREE, TWO)                 \
  NK_STRIP_S16_FUNCTION(name##3, NK_STRIP_S16_THREE, THREE) \
  NK_STRIP_S16_FUNCTION(name##2, NK_STRIP_S16_TWO, TWO)
#define NK_STRIP_S16_DEFINE_ONCE(name)                                \
  NK_STRIP_S16_BOTH(name, NK_STRIP_S16_THREE_ONCE(NK_STRIP_S16_ONCE), \
                    NK_STRIP_S16_TWO_ONCE(NK_STRIP_S16_ONCE))
#define NK_STRIP_S16_DEFINE_RELU(name)                                \
  NK_STRIP_S16_BOTH(name, NK_STRIP_S16_THREE_ONCE(NK_STRIP_S16_RELU), \
                    NK_STRIP_S16_TWO_ONCE(NK_STRIP_S16_RELU))
#define NK_STRIP_S16_DEFINE_TWICE(name) \
  NK_STRIP_S16_BOTH(name, NK_STRIP_S16_THREE_TWICE, NK_STRIP_S16_TWO_TWICE)
#define NK_STRIP_S16_DEFINE_DOUBLE(name) \
  NK_STRIP_S16_BOTH(name, NK_STRIP_S16_THREE_DOUBLE, NK_STRIP_S16_TWO_DOUBLE)
#define NK_STRIP_S16_DEFINE_RAW(name) NK_STRIP_S16_BOTH(name, NK_STRIP_S16_THREE_RAW, NK_STRIP_S16_TWO_RAW)

#else /* the same in C: what the assembly is held against, and what other machines run in tests */

/* The sum of channel 0 or 1 of a pair of channels for the window at x. */
static inline int32_t nk_strip_s16_sum(int32_t acc, const int16_t *x, const int8_t *w, int32_t run) {
  for (; run > 0; run -= 4, x += 2, w += 4) acc = nk_smlad_s16(x[0], w[0], nk_smlad_s16(x[1], w[2], acc));
  return acc;
}

/* `words` constants of the requantisation a channel; 0: the sums go out as they are. */
static inline void nk_strip_s16_pixels(const nk_strip_s16 *s, int32_t pixels, int32_t words, int32_t low) {
  const int32_t *scales = s->scales;
  int16_t *y = s->y;
  for (const int8_t *w = s->weights; w < s->weights_end; w += s->run, scales += 2 + 2 * words, y += 2) {
    for (int32_t i = 0; i < 2 * pixels; i++) {
      const int32_t c = i / pixels;
      const int32_t p = i % pixels;
      const int32_t sum = nk_strip_s16_sum(scales[c], s->x + p * (s->step / 2), w + c, s->run);
      const int32_t *scale = scales + 2 + c * words;
      if (words == 0) memcpy(s->y + 2 * i, &sum, sizeof(sum));
      if (words == 1) y[c + p * (s->stride / 2)] = nk_scaled_s16(sum, *scale, low);
      if (words == 2) y[c + p * (s->stride / 2)] = nk_scaled_double_s16(sum, scale);
      if (words == 3) y[c + p * (s->stride / 2)] = nk_scaled_twice_s16(sum, scale);
    }
  }
}

#define NK_STRIP_S16_DEFINE(name, words, low)                                                  \
  static inline void name##3(const nk_strip_s16 *s) { nk_strip_s16_pixels(s, 3, words, low); } \
  static inline void name##2(const nk_strip_s16 *s) { nk_strip_s16_pixels(s, 2, words, low); }
#define NK_STRIP_S16_DEFINE_ONCE(name) NK_STRIP_S16_DEFINE(name, 1, INT16_MIN)
#define NK_STRIP_S16_DEFINE_RELU(name) NK_STRIP_S16_DEFINE(name, 1, 0)
#define NK_STRIP_S16_DEFINE_TWICE(name) NK_STRIP_S16_DEFINE(name, 3, INT16_MIN)
#define NK_STRIP_S16_DEFINE_DOUBLE(name) NK_STRIP_S16_DEFINE(name, 2, INT16_MIN)
#define NK_STRIP_S16_DEFINE_RAW(name) NK_STRIP_S16_DEFINE(name, 0, 0)

#endif

#endif
