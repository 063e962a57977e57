/* DEPTHWISE_CONV_2D with multiplier 1, float, eight channels at a time, then four; weights kernel_h x
   kernel_w x channels. Taps outside the image are left out. */
#include "nk_kernels.h"
#include "nk_tile_f32.h"

/* All channels of one pixel. */
static inline void nk_depthwise_pixel_f32(const float *x, const float *w, const float *bias, float *y,
                                          const nk_taps_f32 *t, const nk_conv_2d_args *a) {
  float acc[8];
  int32_t left = a->in_c;
  for (; left >= 8; left -= 8, x += 8, w += 8, bias += 8, y += 8) {
    nk_depthwise8_f32(acc, x, w, t);
    nk_finish_f32(acc, bias, y, 8, a->low_f32, a->high_f32);
  }
  if (left != 0) {
    nk_depthwise4_f32(acc, x, w, t);
    nk_finish_f32(acc, bias, y, 4, a->low_f32, a->high_f32);
  }
}

NK_KERNEL void nk_depthwise_eights_f32(const float *x, const float *w, const float *bias, float *y,
                                       const nk_conv_2d_args *a) {
  const int32_t line = a->in_w * a->in_c;
  nk_taps_f32 taps = {.x_run = a->dilation_w * a->in_c, .channels = a->in_c};
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    taps.rows = rows.count;
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->in_c) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      taps.runs = columns.count;
      taps.x_row = a->dilation_h * line - columns.count * taps.x_run;
      taps.w_row = (a->kernel_w - columns.count) * a->in_c;
      nk_depthwise_pixel_f32(x + rows.at * line + columns.at * a->in_c,
                             w + (rows.tap * a->kernel_w + columns.tap) * a->in_c, bias, y, &taps, a);
    }
  }
}
