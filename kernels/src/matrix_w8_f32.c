/* FULLY_CONNECTED and CONV_2D with windows of one pixel, float, weights in int8: rows by four. */
#include "nk_kernels.h"
#include "nk_weights_w8_f32.h"

NK_KERNEL void nk_matrix_w8_f32(const float *x, const int8_t *w, const float *scale, const float *bias,
                                float *y, const nk_matrix_f32_args *a) {
  for (int32_t left = a->rows; left > 0; left -= 4, x += 4 * a->depth, y += 4 * a->channels) {
    nk_w8_rows_f32(x, w, scale, bias, y, left < 4 ? left : 4, a);
  }
}
