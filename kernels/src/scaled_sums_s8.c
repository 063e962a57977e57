/* DEPTHWISE_CONV_2D over the whole height of an int8 image, from its sums (nk_depthwise_sums_s8). */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_scaled_sums_s8(const int32_t *sums, const int32_t *bias, const int32_t *multiplier,
                                 const int8_t *shift, int8_t *y, const nk_scaled_sums_args *a) {
  for (int32_t p = 0; p < a->pixels; p++) {
    nk_scaling s = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
    for (int32_t c = 0; c < a->channels; c++) nk_store_s8(y++, *sums++, &s);
  }
}
