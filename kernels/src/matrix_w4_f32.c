/* FULLY_CONNECTED and CONV_2D with windows of one pixel, float, weights of four bits: rows by four. */
#include "nk_kernels.h"
#include "nk_weights_packed_f32.h"

NK_KERNEL void nk_matrix_w4_f32(const float *x, const uint16_t *w, const float *scale, const float *bias,
                                float *y, const nk_matrix_f32_args *a) {
  nk_quads_matrix_f32(x, w, scale, bias, y, 4, a);
}
