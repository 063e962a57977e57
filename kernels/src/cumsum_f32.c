/* CUMSUM, float32. */
#include "nk_kernels.h"

NK_KERNEL void nk_cumsum_f32(const float *x, float *y, const nk_cumsum_args *a) {
  const int32_t step = a->reverse != 0 ? -a->inner : a->inner;
  const int32_t first = a->reverse != 0 ? (a->size - 1) * a->inner : 0;
  for (int32_t i = 0; i < a->outer; i++) {
    for (int32_t k = 0; k < a->inner; k++) {
      float sum = 0.0F;
      int32_t at = (i * a->size) * a->inner + first + k;
      for (int32_t j = 0; j < a->size; j++) {
        const float after = sum + x[at];
        y[at] = a->exclusive != 0 ? sum : after;
        sum = after;
        at += step;
      }
    }
  }
}
