/* CONV_2D, int8, weights of two bits, any core. */
#include "nk_conv_packed_s8.h"

NK_KERNEL void nk_conv_2d_w2(const int8_t *x, const int16_t *w, const int32_t *bias,
                             const int32_t *multiplier, const int8_t *shift, int8_t *y, void *scratch,
                             const nk_conv_2d_args *a) {
  nk_conv_2d_packed_any(x, w, bias, multiplier, shift, y, scratch, 2, a);
}
