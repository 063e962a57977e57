/* RELU6 and RELU_N1_TO_1, float32. */
#include "nk_float_math.h"
#include "nk_kernels.h"

NK_KERNEL void nk_clamp_f32(const float *x, float *y, const nk_clamp_f32_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = nk_clampf(x[i], a->low, a->high);
  }
}
