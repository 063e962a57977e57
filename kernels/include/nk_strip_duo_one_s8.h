/* One pixel times all output channels, four at a time: what is left of an odd number of pixels after its
   strips (nk_strip_duo_s8.h), from the same columns, in the place of their first pixel, and the same stream.
   Four inputs take 19 cycles of a Cortex-M4 where a strip takes 30. */
#ifndef NK_STRIP_DUO_ONE_S8_H
#define NK_STRIP_DUO_ONE_S8_H

#include "nk_strip_duo_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 columns, r1 stream, r12 the columns' end; r4 r6 sums of two channels, first's and both's; r8 r10 those
 * of the other two. Loads stand together, pointers move with the last ones. */
#define NK_STRIP_ONE_FOUR                                                                              \
  "ldr r3, [r0, #8]\n ldr r5, [r1, #4]\n ldr.w r7, [r1, #8]\n ldr r9, [r1, #12]\n ldr r2, [r0], #16\n" \
  "ldr r11, [r1], #16\n"                                                                               \
  "smlad r10, r5, r2, r10\n sxtb16 r5, r5\n smlad r6, r11, r2, r6\n sxtb16 r11, r11\n"                 \
  "smlad r8, r5, r2, r8\n smlad r4, r11, r2, r4\n"                                                     \
  "smlad r10, r9, r3, r10\n sxtb16 r9, r9\n smlad r6, r7, r3, r6\n sxtb16 r7, r7\n"                    \
  "smlad r8, r9, r3, r8\n smlad r4, r7, r3, r4\n"

/* The place is left in lr. */
#define NK_STRIP_ONE_ONCE                                                            \
  "ldm r1!, {r0, r2, r3, r5, r7, r9, r11, r12, lr}\n" NK_ONCE("r4", "r0", "r2", "4") \
      NK_ONCE("r6", "r3", "r5", "12") NK_ONCE("r8", "r7", "r9", "4") NK_ONCE("r10", "r11", "r12", "12")
#define NK_STRIP_ONE_TWICE                                                                          \
  "ldm r1!, {r0, r2, r3, r5, r7, r9, r11, r12, lr}\n asr r6, r6, #8\n asr r10, r10, #8\n" NK_TWICE( \
      "r4", "r2", "r3", "r0") NK_TWICE("r6", "r5", "r7", "r0") NK_TWICE("r8", "r9", "r11", "r0")    \
      NK_TWICE("r10", "r12", "lr", "r0") "ldr lr, [r1], #4\n"

/* sp+0 columns, 4 columns_end, 8 stream, 12 stream_end, 16 y. Label 1: four channels; 2: eight inputs, 3: the
 * latter four of them, where an odd number of fours begins. */
#define NK_STRIP_ONE_FUNCTION(name, SCALE)                                                                   \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused)) const nk_strip_duo *s) { \
    __asm__ volatile(                                                                                        \
        "push {r4-r11, lr}\n ldm r0, {r1-r5}\n push {r1-r5}\n mov r1, r3\n"                                  \
        "1: ldr r0, [sp]\n ldr r12, [sp, #4]\n ldm r1!, {r4, r6, r8, r10}\n"                                 \
        "sub r2, r12, r0\n lsls r2, r2, #27\n bmi 3f\n"                                                      \
        "2:\n" NK_STRIP_ONE_FOUR "3:\n" NK_STRIP_ONE_FOUR                                                    \
        "cmp r0, r12\n bne 2b\n"                                                                             \
        "sub r6, r6, r4\n sub r10, r10, r8\n" SCALE                                                          \
        "ldr r3, [sp, #12]\n ldr r2, [sp, #16]\n add r2, lr\n"                                               \
        "strb r4, [r2]\n strb r6, [r2, #1]\n strb r8, [r2, #2]\n strb r10, [r2, #3]\n"                       \
        "cmp r1, r3\n bne 1b\n"                                                                              \
        "add sp, sp, #20\n pop {r4-r11, pc}\n");                                                             \
  }

NK_STRIP_ONE_FUNCTION(nk_strip_one_relu_s8, NK_STRIP_ONE_ONCE)
NK_STRIP_ONE_FUNCTION(nk_strip_one_signed_s8, NK_STRIP_ONE_TWICE)

#else

static inline void nk_strip_one_run(const nk_strip_duo *s, int32_t relu) {
  for (const int32_t *w = s->stream; w < s->stream_end; w += 9 + (relu ? 0 : 1)) {
    int32_t sums[2][2];
    memcpy(sums, w, sizeof sums);
    w += 4;
    for (const int32_t *x = s->columns; x < s->columns_end; x += 2, w += 2) {
      for (int32_t i = 0; i < 2; i++) nk_duo_one(sums[i], (uint32_t)w[i], (uint32_t)x[0]);
    }
    const int32_t *const scale = w + (relu ? 0 : 1);
    int8_t *const y = s->y + scale[8];
    for (int32_t c = 0; c < 4; c++) {
      const int32_t acc = c % 2 == 0 ? sums[c / 2][0] : nk_duo_second(sums[c / 2]);
      y[c] = relu ? nk_scaled_once(acc, scale + 2 * c, c % 2 == 0 ? 4 : 12)
                  : nk_scaled_twice(c % 2 == 0 ? acc : acc >> 8, scale + 2 * c, w[0]);
    }
  }
}

static inline void nk_strip_one_relu_s8(const nk_strip_duo *s) { nk_strip_one_run(s, 1); }

static inline void nk_strip_one_signed_s8(const nk_strip_duo *s) { nk_strip_one_run(s, 0); }

#endif

#endif
