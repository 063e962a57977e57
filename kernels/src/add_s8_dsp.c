/* ADD and SUB of equal shapes, int8, for cores with the DSP extension. The sum is linear in both operands: it
   is taken with one multiplier each, of numbers that are proved at build time to give TFLite's result for
   every pair of bytes. A word of four operands is masked to two of them in the upper bytes of its halfwords,
   which SMLAWB and SMLAWT take as they are. */
#include "nk_kernels.h"

static inline int8_t nk_add_linear_s8(int32_t x0, int32_t x1, const nk_add_dsp_args *a) {
  const int64_t first = ((int64_t)a->multiplier_0 * x0) >> 8;
  const int64_t second = ((int64_t)a->multiplier_1 * x1) >> 8;
  return (int8_t)nk_clamp((int32_t)(first + second + a->addend) >> 20, -128, 127);
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Elements `i` and i + 2 of a word each of x0 and x1, which `shifted` brings to the top of their halfwords.
 */
#define NK_ADD_TWO(shifted, i, j)                                                                       \
  "and r4, %[mask], r2" shifted "\n and r5, %[mask], r3" shifted                                        \
  "\n"                                                                                                  \
  "smlawb r6, %[m0], r4, %[add]\n smlawt r4, %[m0], r4, %[add]\n"                                       \
  "smlawb r6, %[m1], r5, r6\n smlawt r4, %[m1], r5, r4\n"                                               \
  "ssat r6, #8, r6, asr #20\n ssat r4, #8, r4, asr #20\n strb r6, [%[y], #" i "]\n strb r4, [%[y], #" j \
  "]\n"
#define NK_ADD_FOUR(i, j, k, l) \
  "ldr r2, [%[x0]], #4\n ldr r3, [%[x1]], #4\n" NK_ADD_TWO(", lsl #8", i, k) NK_ADD_TWO("", j, l)

/* `eights` times eight elements. */
static __attribute__((noinline)) void nk_add_eights_s8(const int8_t *x0, const int8_t *x1, int8_t *y,
                                                       int32_t eights, const nk_add_dsp_args *a) {
  const int32_t m0 = a->multiplier_0, m1 = a->multiplier_1, addend = a->addend;
  if (eights == 0) return;
  __asm__ volatile("1:\n" NK_ADD_FOUR("0", "1", "2", "3")
                       NK_ADD_FOUR("4", "5", "6", "7") "add %[y], #8\n subs %[n], #1\n bne 1b\n"
                   : [x0] "+r"(x0), [x1] "+r"(x1), [y] "+r"(y), [n] "+r"(eights)
                   : [m0] "r"(m0), [m1] "r"(m1), [add] "r"(addend), [mask] "r"(0xFF00FF00U)
                   : "r2", "r3", "r4", "r5", "r6", "memory", "cc");
}

#else

static inline void nk_add_eights_s8(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t eights,
                                    const nk_add_dsp_args *a) {
  for (int32_t i = 0; i < 8 * eights; i++) y[i] = nk_add_linear_s8(x0[i], x1[i], a);
}

#endif

NK_KERNEL void nk_add_s8_dsp(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_add_dsp_args *a) {
  nk_add_eights_s8(x0, x1, y, a->count >> 3, a);
  for (int32_t i = a->count & ~7; i < a->count; i++) y[i] = nk_add_linear_s8(x0[i], x1[i], a);
  for (int32_t i = 0; a->narrow && i < a->count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}
