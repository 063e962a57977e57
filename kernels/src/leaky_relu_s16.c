/* LEAKY_RELU, int16: one multiplier for x >= 0 and one for x < 0. Zero points are 0. */
#include "nk_kernels.h"

NK_KERNEL void nk_leaky_relu_s16(const int16_t *x, int16_t *y, const nk_leaky_relu_s16_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    const int32_t v = x[i] >= 0
                          ? nk_requantize(x[i], a->multiplier_positive, a->shift_positive)
                          : nk_requantize(x[i], a->multiplier_negative, a->shift_negative) * a->sign_negative;
    y[i] = (int16_t)nk_clamp(v, INT16_MIN, INT16_MAX);
  }
}
