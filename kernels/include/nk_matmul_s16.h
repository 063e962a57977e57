/* The tiles of the int16 products (nk_matmul_dsp.h). A group is a pair of halfwords of a row of A, as it
   lies, and of both columns: SMLALD adds two products to 64 bits, eight MACs in ten cycles of a Cortex-M4. */
#ifndef NK_MATMUL_S16_H
#define NK_MATMUL_S16_H

#include "nk_fixed_point.h"
#include "nk_matmul_dsp.h"

/* scale: {multiplier, rounding's low word, its high word, shift of the high word} */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 A, r1 its step, r2 panel, r4-r7 the first row's sums, r8-r11 the second's; 32 bytes of code. */
#define NK_MATMUL_S16_GROUP                                               \
  "ldr.w r12, [r0, r1]\n ldr.w r3, [r0], #4\n ldr.w lr, [r2], #4\n"       \
  "smlald r4, r5, r3, lr\n smlald r8, r9, r12, lr\n ldr.w lr, [r2], #4\n" \
  "smlald r6, r7, r3, lr\n smlald r10, r11, r12, lr\n"
#define NK_MATMUL_S16_FOUR NK_MATMUL_S16_GROUP NK_MATMUL_S16_GROUP NK_MATMUL_S16_GROUP NK_MATMUL_S16_GROUP
/* The sum in (low, high) to `low`; r1 multiplier, r2 r3 rounding, lr shift, r12 scratch. */
#define NK_MATMUL_S16_SCALE(low, high)                                       \
  "mul " high ", " high ", r1\n umull " low ", r12, " low ", r1\n add " high \
  ", r12\n"                                                                  \
  "adds " low ", r2\n adc " high ", r3\n asr " high ", lr\n ssat " low ", #16, " high "\n"

/* On the stack: sp+0 the struct, 4 where the first round begins, 8 the panel's end. Label 1: a pair of rows;
   3: eight groups; 4: behind them. */
__attribute__((naked, noinline)) static void nk_matmul_s16_run(__attribute__((unused)) nk_matmul_pass *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldr r1, [r0, #8]\n ldr r3, [r0, #16]\n adr.w r12, 4f\n add r12, #1\n mov r2, #32\n"
      "mls r1, r1, r2, r12\n push {r0, r1, r3}\n"
      "1: ldr r12, [sp]\n ldr r3, [sp, #4]\n ldr r0, [r12]\n ldr r1, [r12, #4]\n ldr r2, [r12, #12]\n"
      "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n mov r8, #0\n mov r9, #0\n mov r10, #0\n"
      "mov r11, #0\n bx r3\n"
      "3:\n" NK_MATMUL_S16_FOUR NK_MATMUL_S16_FOUR
      "4: ldr r12, [sp, #8]\n cmp r2, r12\n bne 3b\n"
      "ldr r12, [sp]\n str r0, [sp, #4]\n ldr r1, [r12, #48]\n ldr r2, [r12, #52]\n ldr r3, [r12, #56]\n"
      "ldr lr, [r12, #60]\n" NK_MATMUL_S16_SCALE("r4", "r5") NK_MATMUL_S16_SCALE("r6", "r7")
      NK_MATMUL_S16_SCALE("r8", "r9") NK_MATMUL_S16_SCALE("r10", "r11")
      "ldr r12, [sp]\n ldr r0, [sp, #4]\n ldr r1, [r12, #24]\n ldr r2, [r12, #28]\n ldr r3, [r12, #32]\n"
      "ldr r5, [r12, #36]\n ldr lr, [r12, #20]\n"
      "strh r4, [r1]\n strh r6, [r1, r3]\n add r1, r2\n strh r8, [r1]\n strh r10, [r1, r3]\n add r1, r2\n"
      "add r0, r5\n str r1, [r12, #24]\n str r0, [r12]\n ldr r1, [r12, #8]\n adr.w r3, 4b\n add r3, #1\n"
      "sub r3, r3, r1, lsl #5\n str r3, [sp, #4]\n subs lr, #1\n str lr, [r12, #20]\n bne 1b\n"
      "add sp, #12\n pop {r4-r11, pc}\n");
}

#else

static inline int16_t nk_matmul_s16_scaled(int64_t sum, const int32_t scale[4]) {
  const int64_t half = (int64_t)(((uint64_t)(uint32_t)scale[2] << 32) | (uint32_t)scale[1]);
  return (int16_t)nk_clamp((int32_t)((sum * scale[0] + half) >> 32) >> scale[3], INT16_MIN, INT16_MAX);
}

static inline void nk_matmul_s16_run(nk_matmul_pass *s) {
  const uint8_t *rows = s->a;
  uint8_t *y = s->y;
  const int32_t groups = (int32_t)(s->panel_end - s->panel) / 2;
  for (; s->pairs > 0; s->pairs--, rows += 4 * groups + s->to_next) {
    for (int32_t i = 0; i < 4; i++) {
      int16_t row[2], column[2];
      int64_t sum = 0;
      for (int32_t g = 0; g < groups; g++) {
        memcpy(row, rows + (i >> 1) * s->step + 4 * g, 4);
        memcpy(column, s->panel + 2 * g + (i & 1), 4);
        sum += (int64_t)row[0] * column[0] + (int64_t)row[1] * column[1];
      }
      const int16_t value = nk_matmul_s16_scaled(sum, s->scale);
      memcpy(y + (i >> 1) * s->y_row + (i & 1) * s->y_column, &value, 2);
    }
    y += 2 * s->y_row;
  }
  s->a = rows;
  s->y = y;
}

#endif

/* Two columns of B, int16_t or int8_t, in pairs. */
#define NK_MATMUL_S16_PACK(name, type)                                                                   \
  static inline void name(int32_t *panel, int32_t sums[2], const void *b, int32_t second,                \
                          const nk_matmul_dsp_args *a) {                                                 \
    const int32_t step = a->b_depth;                                                                     \
    (void)sums;                                                                                          \
    for (int32_t c = 0; c < 2; c++) {                                                                    \
      const type *from = (const type *)b + c * second;                                                   \
      int32_t *to = panel + c;                                                                           \
      for (int32_t k = a->depth >> 1; k > 0; k--, from += 2 * step, to += 2) {                           \
        *to = (int32_t)(((uint32_t)(int32_t)from[0] & 0xFFFFU) | ((uint32_t)(int32_t)from[step] << 16)); \
      }                                                                                                  \
      if ((a->depth & 1) != 0) *to = (int32_t)((uint32_t)(int32_t)from[0] & 0xFFFFU);                    \
    }                                                                                                    \
  }

#endif
