/* ADD and SUB of equal shapes, int8. The sum is linear in both operands: one multiplication each, by numbers
   that are proved at build time to give TFLite's result for every pair of bytes. */
#include "nk_kernels.h"

NK_KERNEL void nk_add_s8_linear(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_add_linear_args *a) {
  const int32_t m0 = a->multiplier_0, m1 = a->multiplier_1, addend = a->addend, shift = a->shift;
  const int32_t low = a->low, high = a->high;
  for (int32_t n = a->count; n > 0; n--) {
    *y++ = (int8_t)nk_clamp((*x0++ * m0 + *x1++ * m1 + addend) >> shift, low, high);
  }
}
