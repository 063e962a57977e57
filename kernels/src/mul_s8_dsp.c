/* MUL, int8, for cores with the DSP extension: equal shapes, or one operand repeated along the leading or the
   trailing dimensions. */
#include "nk_kernels.h"
#include "nk_scale_s8.h"

NK_KERNEL void nk_mul_s8_dsp(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_mul_dsp_args *a) {
  const int32_t offset_0 = a->offset_0, offset_1 = a->offset_1, step_0 = a->step_0, step_1 = a->step_1;
  const int32_t first = a->first, second = a->second, zero = a->zero, low = a->low, high = a->high;
  for (int32_t row = 0; row < a->rows; row++, x0 += a->jump_0, x1 += a->jump_1) {
    for (int32_t i = a->inner; i > 0; i--, x0 += step_0, x1 += step_1) {
      const int32_t product = (*x0 + offset_0) * (*x1 + offset_1);
      *y++ = (int8_t)nk_clamp(nk_scale_twice_s8(product, first, second, zero), low, high);
    }
  }
}
