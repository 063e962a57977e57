/* POW, float32: equal shapes, or one operand repeated along the leading or the trailing dimensions. */
#include "nk_elementwise.h"
#include "nk_kernels.h"
#include "nk_power.h"

NK_KERNEL void nk_pow_f32(const float *x0, const float *x1, float *y, const nk_extremum_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_powf(*x0, *x1);
      x0 += a->step_0;
      x1 += a->step_1;
    }
    x0 += a->jump_0;
    x1 += a->jump_1;
  }
}
