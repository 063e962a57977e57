/* DIV, float32: equal shapes, or one operand repeated along the leading or the trailing dimensions. */
#include "nk_elementwise.h"
#include "nk_float_functions.h"
#include "nk_kernels.h"

NK_KERNEL void nk_div_f32(const float *x0, const float *x1, float *y, const nk_arithmetic_f32_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_clampf(nk_quotientf(*x0, *x1), a->clamp_low, a->clamp_high);
      x0 += a->step_0;
      x1 += a->step_1;
    }
    x0 += a->jump_0;
    x1 += a->jump_1;
  }
}
