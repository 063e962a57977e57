/* CONV_2D, float, weights in int8: every group of channels by itself; taps outside the image are left out. */
#include "nk_kernels.h"
#include "nk_weights_w8_f32.h"

/* All channels of a group at one pixel; `size` weights make a channel. */
static inline void nk_w8_channels_f32(const float *x, const int8_t *w, const float *s, const float *bias,
                                      float *y, const nk_patch *p, int32_t size, const nk_conv_2d_args *a) {
  int32_t c = 0;
  for (; c + 4 <= a->group_out; c += 4, w += 4 * size) {
    float acc[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    nk_w8_patch4_f32(acc, x, w, s + c, p);
    nk_finish_f32(acc, bias + c, y + c, 4, a->low_f32, a->high_f32);
  }
  for (; c < a->group_out; c++, w += size) {
    y[c] = nk_within_f32(nk_w8_patch_f32(x, w, s[c], p) + bias[c], a->low_f32, a->high_f32);
  }
}

NK_KERNEL void nk_conv_2d_w8_f32(const float *x, const int8_t *w, const float *scale, const float *bias,
                                 float *y, const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->group_in;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t g = 0; g < a->groups; g++, y += a->group_out) {
        const int32_t first = g * a->group_out;
        nk_w8_channels_f32(x + g * a->group_in, w + first * size, scale + first, bias + first, y, &patch,
                           size, a);
      }
    }
  }
}
