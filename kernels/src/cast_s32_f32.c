/* CAST, int32 to float32. */
#include "nk_kernels.h"

NK_KERNEL void nk_cast_s32_f32(const int32_t *x, float *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (float)x[i];
  }
}
