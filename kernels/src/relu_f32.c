/* RELU, float32; a NaN and a zero's sign pass through. */
#include "nk_kernels.h"

NK_KERNEL void nk_relu_f32(const float *x, float *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = x[i] < 0.0F ? 0.0F : x[i];
  }
}
