/* BATCH_MATMUL, int8, for cores with the DSP extension (nk_matmul_dsp.h). A group is four bytes of a row of
   A, which SXTB16 widens to the pairs (0, 2) and (1, 3), and the same pairs of both columns: 16 MACs in 19
   cycles of a Cortex-M4. A's zero point is in the sums' start. */
#include "nk_kernels.h"
#include "nk_matmul_dsp.h"
#include "nk_pairs_s8.h"
#include "nk_scale_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 A, r1 its step, r2 panel, r4 r5 the first row's sums, r6 r7 the second's; 72 bytes of code. */
#define NK_MATMUL_S8_GROUP                                                                \
  "ldr.w r9, [r0, r1]\n ldr.w r8, [r0], #4\n ldr.w r10, [r2], #4\n ldr.w r11, [r2], #4\n" \
  "ldr.w r3, [r2], #4\n ldr.w lr, [r2], #4\n"                                             \
  "sxtb16 r12, r8\n smlad r4, r12, r10, r4\n smlad r5, r12, r11, r5\n"                    \
  "sxtb16 r12, r9\n smlad r6, r12, r10, r6\n smlad r7, r12, r11, r7\n"                    \
  "sxtb16 r12, r8, ror #8\n smlad r4, r12, r3, r4\n smlad r5, r12, lr, r5\n"              \
  "sxtb16 r12, r9, ror #8\n smlad r6, r12, r3, r6\n smlad r7, r12, lr, r7\n"
#define NK_MATMUL_S8_SCALE(r) NK_TWICE(r, "r8", "r9", "r10")

/* On the stack: sp+0 the struct, 4 where the first round begins, 8 the panel's end. Label 1: a pair of rows;
   3: four groups; 4: behind them. */
static __attribute__((naked, noinline)) void nk_matmul_s8_run(__attribute__((unused)) nk_matmul_pass *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldr r1, [r0, #8]\n ldr r3, [r0, #16]\n adr.w r12, 4f\n add r12, #1\n mov r2, #72\n"
      "mls r1, r1, r2, r12\n push {r0, r1, r3}\n"
      "1: ldr r12, [sp]\n ldr r3, [sp, #4]\n ldr r4, [r12, #40]\n ldr r5, [r12, #44]\n ldr r0, [r12]\n"
      "ldr r1, [r12, #4]\n ldr r2, [r12, #12]\n mov r6, r4\n mov r7, r5\n bx r3\n"
      "3:\n" NK_MATMUL_S8_GROUP NK_MATMUL_S8_GROUP NK_MATMUL_S8_GROUP NK_MATMUL_S8_GROUP
      "4: ldr r12, [sp, #8]\n cmp r2, r12\n bne 3b\n"
      "ldr r12, [sp]\n ldr r8, [r12, #48]\n ldr r9, [r12, #52]\n ldr r10, [r12, #56]\n ldr r1, [r12, #24]\n"
      "ldr r2, [r12, #28]\n ldr r3, [r12, #32]\n ldr r11, [r12, #36]\n ldr lr, [r12, #20]\n"
      NK_MATMUL_S8_SCALE("r4") NK_MATMUL_S8_SCALE("r5") NK_MATMUL_S8_SCALE("r6") NK_MATMUL_S8_SCALE("r7")
      "strb r4, [r1]\n strb r5, [r1, r3]\n add r1, r2\n strb r6, [r1]\n strb r7, [r1, r3]\n add r1, r2\n"
      "add r0, r11\n str r1, [r12, #24]\n str r0, [r12]\n subs lr, #1\n str lr, [r12, #20]\n bne 1b\n"
      "add sp, #12\n pop {r4-r11, pc}\n");
}

#else

static inline void nk_matmul_s8_run(nk_matmul_pass *s) {
  const int8_t *rows = s->a;
  int8_t *y = s->y;
  const int32_t groups = (int32_t)(s->panel_end - s->panel) / 4;
  for (; s->pairs > 0; s->pairs--, rows += 4 * groups + s->to_next) {
    for (int32_t i = 0; i < 4; i++) {
      const int32_t *panel = s->panel + (i & 1);
      const int8_t *row = rows + (i >> 1) * s->step;
      int32_t sum = s->start[i & 1];
      for (int32_t g = 0; g < groups; g++, panel += 4, row += 4) {
        sum = nk_smlad(nk_pairs_02(nk_word(row)), (uint32_t)panel[0], sum);
        sum = nk_smlad(nk_pairs_13(nk_word(row)), (uint32_t)panel[2], sum);
      }
      y[(i >> 1) * s->y_row + (i & 1) * s->y_column] =
          (int8_t)nk_scale_twice_s8(sum, s->scale[0], s->scale[1], s->scale[2]);
    }
    y += 2 * s->y_row;
  }
  s->a = rows;
  s->y = y;
}

#endif

/* Four bytes of a column, less the zero point, as the pairs (0, 2) and (1, 3), two words apart; their sum. */
static inline int32_t nk_matmul_s8_four(int32_t *panel, const int8_t *b, int32_t step, int32_t zero) {
  const int32_t v0 = b[0] - zero, v1 = b[step] - zero, v2 = b[2 * step] - zero, v3 = b[3 * step] - zero;
  panel[0] = (int32_t)(((uint32_t)v0 & 0xFFFFU) | ((uint32_t)v2 << 16));
  panel[2] = (int32_t)(((uint32_t)v1 & 0xFFFFU) | ((uint32_t)v3 << 16));
  return v0 + v1 + v2 + v3;
}

static inline void nk_matmul_s8_pack(int32_t *panel, int32_t sums[2], const void *b, int32_t second,
                                     const nk_matmul_dsp_args *a) {
  const int32_t step = a->b_depth, zero = a->b_zero;
  for (int32_t c = 0; c < 2; c++) {
    const int8_t *from = (const int8_t *)b + c * second;
    int32_t *to = panel + c;
    int32_t sum = 0;
    for (int32_t k = a->depth >> 2; k > 0; k--, from += 4 * step, to += 4) {
      sum += nk_matmul_s8_four(to, from, step, zero);
    }
    if ((a->depth & 3) != 0) {
      int8_t last[4] = {(int8_t)zero, (int8_t)zero, (int8_t)zero, (int8_t)zero};
      for (int32_t k = 0; k < (a->depth & 3); k++) last[k] = from[k * step];
      sum += nk_matmul_s8_four(to, last, 1, zero);
    }
    sums[c] = sum;
  }
}

NK_KERNEL void nk_batch_matmul_s8_dsp(const int8_t *x, const int8_t *w, int8_t *y, void *scratch,
                                      const nk_matmul_dsp_args *a) {
  const nk_matmul_form form = {nk_matmul_s8_run, nk_matmul_s8_pack, 1, 1};
  if (a->swapped) {
    nk_matmul_batches(form, w, x, y, scratch, a);
  } else {
    nk_matmul_batches(form, x, w, y, scratch, a);
  }
}
