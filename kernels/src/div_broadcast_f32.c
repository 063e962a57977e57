/* DIV, float32: any broadcast of up to six dimensions. */
#include "nk_elementwise.h"
#include "nk_float_functions.h"
#include "nk_kernels.h"

NK_KERNEL void nk_div_broadcast_f32(const float *x0, const float *x1, const int32_t *walk, float *y,
                                    const nk_arithmetic_f32_args *a) {
  nk_walk w = {0};
  for (int32_t row = 0; row < a->rows; row++) {
    const float *p0 = x0 + w.start_0;
    const float *p1 = x1 + w.start_1;
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_clampf(nk_quotientf(*p0, *p1), a->clamp_low, a->clamp_high);
      p0 += a->step_0;
      p1 += a->step_1;
    }
    nk_next_row(&w, walk);
  }
}
