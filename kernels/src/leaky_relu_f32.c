/* LEAKY_RELU, float32. */
#include "nk_kernels.h"

NK_KERNEL void nk_leaky_relu_f32(const float *x, float *y, const nk_leaky_relu_f32_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = x[i] > 0.0F ? x[i] : x[i] * a->alpha;
  }
}
