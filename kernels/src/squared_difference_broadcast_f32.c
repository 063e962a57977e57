/* SQUARED_DIFFERENCE, float32: any broadcast of up to six dimensions. */
#include "nk_elementwise.h"
#include "nk_float_functions.h"
#include "nk_kernels.h"

NK_KERNEL void nk_squared_difference_broadcast_f32(const float *x0, const float *x1, const int32_t *walk,
                                                   float *y, const nk_extremum_args *a) {
  nk_walk w = {0};
  for (int32_t row = 0; row < a->rows; row++) {
    const float *p0 = x0 + w.start_0;
    const float *p1 = x1 + w.start_1;
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_quietf((*p0 - *p1) * (*p0 - *p1));
      p0 += a->step_0;
      p1 += a->step_1;
    }
    nk_next_row(&w, walk);
  }
}
