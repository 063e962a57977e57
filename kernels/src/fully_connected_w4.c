/* FULLY_CONNECTED, int8, weights of four bits, any core. */
#include "nk_conv_packed_s8.h"

NK_KERNEL void nk_fully_connected_w4(const int8_t *x, const int32_t *w, const int32_t *bias,
                                     const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                     const nk_fully_connected_args *a) {
  nk_fully_connected_packed(x, w, bias, multiplier, shift, y, 4, a);
}
