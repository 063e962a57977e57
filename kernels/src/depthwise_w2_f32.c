/* DEPTHWISE_CONV_2D with multiplier 1, float, weights of two bits (nk_weights_packed_f32.h). */
#include "nk_kernels.h"
#include "nk_weights_packed_f32.h"

NK_KERNEL void nk_depthwise_w2_f32(const float *x, const uint8_t *w, const float *scale, const float *bias,
                                   float *y, const nk_conv_2d_args *a) {
  nk_quads_depthwise_f32(x, w, scale, bias, y, 2, a);
}
