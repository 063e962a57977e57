/* GELU through tanh, float32. */
#include "nk_float_functions.h"
#include "nk_kernels.h"

NK_KERNEL void nk_gelu_tanh_f32(const float *x, float *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = nk_gelu_tanhf(x[i]);
  }
}
