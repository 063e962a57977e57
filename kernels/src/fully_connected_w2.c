/* FULLY_CONNECTED, int8, weights of two bits, any core. */
#include "nk_conv_packed_s8.h"

NK_KERNEL void nk_fully_connected_w2(const int8_t *x, const int16_t *w, const int32_t *bias,
                                     const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                     const nk_fully_connected_args *a) {
  nk_fully_connected_packed(x, w, bias, multiplier, shift, y, 2, a);
}
