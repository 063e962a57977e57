/* LOG_SOFTMAX over the last dimension, float32. */
#include "nk_float_functions.h"
#include "nk_kernels.h"

NK_KERNEL void nk_log_softmax_f32(const float *x, float *y, const nk_softmax_f32_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    float largest = x[0];
    for (int32_t i = 1; i < a->depth; i++) {
      largest = x[i] > largest ? x[i] : largest;
    }
    float sum = 0.0F;
    for (int32_t i = 0; i < a->depth; i++) {
      sum += nk_expf(x[i] - largest);
    }
    const float less = nk_logf(sum);
    for (int32_t i = 0; i < a->depth; i++) {
      y[i] = x[i] - largest - less;
    }
    x += a->depth;
    y += a->depth;
  }
}
