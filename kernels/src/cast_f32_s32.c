/* CAST, float32 to int32. */
#include "nk_kernels.h"

/* Toward zero; beyond int32's range its nearest end, a NaN 0. */
static inline int32_t nk_int32_of_f32(float x) {
  if (x >= 2147483648.0F) {
    return INT32_MAX;
  }
  if (x < -2147483648.0F) {
    return INT32_MIN;
  }
  return x != x ? 0 : (int32_t)x;
}

NK_KERNEL void nk_cast_f32_s32(const float *x, int32_t *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = nk_int32_of_f32(x[i]);
  }
}
