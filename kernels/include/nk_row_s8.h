/* One row of activations times all output channels, four at a time, on cores with the DSP extension: fully
   connected layers, and pointwise convolutions of a single pixel. Weights are read once, so each is unpacked
   for two MACs only: 24 cycles for 16 of them. The requantisation is the one of ops/high_multiply.py: SMMLA,
   SSAT. */
#ifndef NK_ROW_S8_H
#define NK_ROW_S8_H

#include "nk_pairs_s8.h"

/* Weights: four bytes of each of four channels in turn. Scales: for every four channels their biases, then
   {multiplier, addend} of each. Rows end after whole groups of four inputs. */
typedef struct nk_row {
  const int8_t *x;
  const int8_t *x_eights; /* end of the last whole eight groups */
  const int8_t *x_end;
  const int8_t *weights;
  const int8_t *weights_end;
  const int32_t *scales;
  int8_t *y;
} nk_row;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 inputs, r1 weights, r4-r7 sums, r12 where the loop ends. */
#define NK_ROW_SUMS                                                                               \
  "sxtb16 r3, r2, ror #8\n sxtb16 r2, r2\n"                                                       \
  "sxtb16 lr, r8\n smlad r4, lr, r2, r4\n sxtb16 lr, r9\n smlad r5, lr, r2, r5\n"                 \
  "sxtb16 lr, r10\n smlad r6, lr, r2, r6\n sxtb16 lr, r11\n smlad r7, lr, r2, r7\n"               \
  "sxtb16 lr, r8, ror #8\n smlad r4, lr, r3, r4\n sxtb16 lr, r9, ror #8\n smlad r5, lr, r3, r5\n" \
  "sxtb16 lr, r10, ror #8\n smlad r6, lr, r3, r6\n sxtb16 lr, r11, ror #8\n smlad r7, lr, r3, r7\n"
#define NK_ROW_GROUP                                                                             \
  "ldr r2, [r0], #4\n ldr r8, [r1], #4\n ldr r9, [r1], #4\n ldr r10, [r1], #4\n ldr r11, [r1], " \
  "#4\n" NK_ROW_SUMS
#define NK_ROW_FOUR_GROUPS NK_ROW_GROUP NK_ROW_GROUP NK_ROW_GROUP NK_ROW_GROUP

/* sp+0 x, 4 x_eights, 8 x_end, 12 weights, 16 weights_end, 20 scales, 24 y. */
#define NK_ROW_FUNCTION(name, FOUR_GROUPS, GROUP, SHIFT, fraction)                             \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_row *s) { \
    __asm__ volatile( \
        "push {r4-r11, lr}\n ldm r0, {r1-r7}\n push {r1-r7}\n mov r1, r4\n" \
        "1: ldr r0, [sp, #20]\n ldm r0!, {r4, r5, r6, r7}\n str r0, [sp, #20]\n" \
        "ldr r0, [sp]\n ldr r12, [sp, #4]\n cmp r0, r12\n beq 3f\n" \
        "2:\n" FOUR_GROUPS FOUR_GROUPS \
        "cmp r0, r12\n bne 2b\n" \
        "3: ldr r12, [sp, #8]\n cmp r0, r12\n beq 5f\n" \
        "4:\n" GROUP \
        "cmp r0, r12\n bne 4b\n" \
        "5: ldr r0, [sp, #20]\n ldr r12, [sp, #24]\n" SHIFT \
        "ldm r0!, {r2, r3, r8, r9}\n" NK_ONCE("r4", "r2", "r3", fraction) NK_ONCE("r5", "r8", "r9", fraction) \
        "ldm r0!, {r2, r3, r8, r9}\n" NK_ONCE("r6", "r2", "r3", fraction) NK_ONCE("r7", "r8", "r9", fraction) \
        "strb r4, [r12], #1\n strb r5, [r12], #1\n strb r6, [r12], #1\n strb r7, [r12], #1\n" \
        "str r0, [sp, #20]\n str r12, [sp, #24]\n" \
        "ldr r2, [sp, #16]\n cmp r1, r2\n bne 1b\n" \
        "add sp, sp, #28\n pop {r4-r11, pc}\n");                                                                        \
  }

/* Multipliers below 1/32, and up to 1/4. */
NK_ROW_FUNCTION(nk_row_fine_s8, NK_ROW_FOUR_GROUPS, NK_ROW_GROUP, "", "4")
NK_ROW_FUNCTION(nk_row_coarse_s8, NK_ROW_FOUR_GROUPS, NK_ROW_GROUP, "", "1")

#else

static inline void nk_row_run(const nk_row *s, int32_t fraction) {
  const int8_t *w = s->weights;
  int8_t *y = s->y;
  for (const int32_t *scales = s->scales; w < s->weights_end; scales += 12) {
    int32_t sums[4] = {scales[0], scales[1], scales[2], scales[3]};
    for (const int8_t *x = s->x; x < s->x_end; x += 4) {
      for (int32_t c = 0; c < 4; c++, w += 4) {
        sums[c] = nk_smlad(nk_pairs_02(nk_word(w)), nk_pairs_02(nk_word(x)), sums[c]);
        sums[c] = nk_smlad(nk_pairs_13(nk_word(w)), nk_pairs_13(nk_word(x)), sums[c]);
      }
    }
    for (int32_t c = 0; c < 4; c++) *y++ = nk_scaled_once(sums[c], scales + 4 + 2 * c, fraction);
  }
}

static inline void nk_row_fine_s8(const nk_row *s) { nk_row_run(s, 4); }

static inline void nk_row_coarse_s8(const nk_row *s) { nk_row_run(s, 1); }

#endif

static inline void nk_row_s8(const nk_row *s, int32_t coarse) {
  if (coarse) {
    nk_row_coarse_s8(s);
  } else {
    nk_row_fine_s8(s);
  }
}

#endif
