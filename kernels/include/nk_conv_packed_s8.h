/* CONV_2D and FULLY_CONNECTED, int8, packed weights, any core: a window is
   gathered, then every two channels walk it. The input's zero point is in the
   bias; outside the image the input reads as its zero point. */
#ifndef NK_CONV_PACKED_S8_H
#define NK_CONV_PACKED_S8_H

#include "nk_dot_packed_s8.h"
#include "nk_dot_s8.h"
#include "nk_gather_s8.h"
#include "nk_kernels.h"

static inline void nk_conv_packed_window(const int8_t *x, int32_t iy, int32_t ix, int8_t *window,
                                         const nk_conv_2d_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  for (int32_t end = iy + a->kernel_h; iy < end; iy++, window += run) {
    const int32_t there = iy >= 0 && iy < a->in_h;
    nk_gather_run(window, x + iy * width * there, ix * a->in_c, run, there ? width : 0, a->x_zero);
  }
}

static inline void nk_conv_2d_packed_any(const int8_t *x, const void *w, const int32_t *bias,
                                         const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                         void *scratch, int32_t bits, const nk_conv_2d_args *a) {
  const int32_t depth = a->kernel_h * a->kernel_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
      nk_conv_packed_window(x, oy * a->stride_h - a->pad_h, ox * a->stride_w - a->pad_w, scratch, a);
      for (int32_t left = a->group_out, at = 0; left > 0; left -= 2, at += (depth + 3) >> 2) {
        int32_t acc[2];
        nk_dot_packed(acc, scratch, w, at, depth, bits);
        nk_store_s8(y++, acc[0], &scaling);
        if (left > 1) nk_store_s8(y++, acc[1], &scaling);
      }
    }
  }
}

static inline void nk_fully_connected_packed(const int8_t *x, const void *w, const int32_t *bias,
                                             const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                             int32_t bits, const nk_fully_connected_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    for (int32_t first = 0, at = 0; first < a->channels; first += 2, at += (a->depth + 3) >> 2) {
      int32_t acc[2];
      nk_dot_packed(acc, x, w, at, a->depth, bits);
      for (int32_t c = first; c < nk_min(first + 2, a->channels); c++) {
        const int32_t s = c * a->scale_step;
        const int32_t sum = nk_wrapping_add(acc[c - first], bias[c]);
        const int32_t scaled = nk_scale_exact(sum, multiplier[2 * s], multiplier[2 * s + 1], shift[s]);
        *y++ = (int8_t)(nk_clamp(scaled, a->low, a->high) + a->y_zero);
      }
    }
  }
}

#endif
