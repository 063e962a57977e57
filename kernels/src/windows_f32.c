/* CONV_2D, float: the windows of four output pixels are gathered, then multiplied as rows of a matrix.
   Outside the image the input reads as 0, which adds nothing to a sum (see nk_tile_f32.h). */
#include "nk_kernels.h"
#include "nk_tile_f32.h"

/* The window of the output pixel (oy, ox), one tap after the other; memory that is still to be filled is
 * next. */
static inline float *nk_window_f32(const float *x, float *to, int32_t oy, int32_t ox,
                                   const nk_windows_f32_args *a) {
  const size_t pixel = (size_t)a->in_c * sizeof(float);
  const int32_t ix = ox * a->stride_w - a->pad_w;
  int32_t iy = oy * a->stride_h - a->pad_h;
  const int32_t joined = a->dilation_w == 1 && ix >= 0 && ix + a->kernel_w <= a->in_w;
  for (int32_t i = a->kernel_h; i > 0; i--, iy += a->dilation_h) {
    const int32_t inside = iy >= 0 && iy < a->in_h;
    const float *row = x + (inside ? iy * a->in_w * a->in_c : 0);
    if (inside && joined) {
      memcpy(to, row + ix * a->in_c, (size_t)a->kernel_w * pixel);
      to += a->kernel_w * a->in_c;
      continue;
    }
    for (int32_t j = 0; j < a->kernel_w; j++, to += a->in_c) {
      const int32_t at = ix + j * a->dilation_w;
      if (inside && at >= 0 && at < a->in_w) {
        memcpy(to, row + at * a->in_c, pixel);
      } else {
        memset(to, 0, pixel);
      }
    }
  }
  return to;
}

NK_KERNEL void nk_windows_f32(const float *x, const float *w, const float *bias, float *y, float *scratch,
                              const nk_windows_f32_args *a) {
  const nk_matrix_f32_args rows = {
      .rows = 4, .depth = a->depth, .channels = a->channels, .low = a->low, .high = a->high};
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->rows; left > 0; left -= 4, y += 4 * a->channels) {
    const int32_t whole = left < 4 ? left : 4;
    float *to = scratch;
    for (int32_t p = 0; p < whole; p++) {
      to = nk_window_f32(x, to, oy, ox, a);
      if (++ox == a->out_w) ox = 0, oy++;
    }
    if (whole == 4) {
      nk_matrix_rows4_f32(scratch, w, bias, y, &rows);
      continue;
    }
    for (int32_t p = 0; p < whole; p++) {
      nk_matrix_row_f32(scratch + p * a->depth, w, bias, y + p * a->channels, &rows);
    }
  }
}
