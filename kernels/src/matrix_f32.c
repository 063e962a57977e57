/* FULLY_CONNECTED and CONV_2D with windows of one pixel, float: rows by four, channels by four. */
#include "nk_kernels.h"
#include "nk_tile_f32.h"

NK_KERNEL void nk_matrix_f32(const float *x, const float *w, const float *bias, float *y,
                             const nk_matrix_f32_args *a) {
  int32_t left = a->rows;
  for (; left >= 4; left -= 4, x += 4 * a->depth, y += 4 * a->channels) {
    nk_matrix_rows4_f32(x, w, bias, y, a);
  }
  for (; left > 0; left--, x += a->depth, y += a->channels) {
    nk_matrix_row_f32(x, w, bias, y, a);
  }
}
