/* CONV_2D, float, weights of four bits (nk_weights_packed_f32.h). */
#include "nk_kernels.h"
#include "nk_weights_packed_f32.h"

NK_KERNEL void nk_conv_2d_w4_f32(const float *x, const uint16_t *w, const float *scale, const float *bias,
                                 float *y, const nk_conv_2d_args *a) {
  nk_quads_conv_f32(x, w, scale, bias, y, 4, a);
}
