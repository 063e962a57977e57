/* CONV_2D, int8: every group of channels by itself; taps outside the image are left out. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_conv_2d_s8(const int8_t *x, const int8_t *w, const int32_t *bias, const int32_t *multiplier,
                             const int8_t *shift, int8_t *y, const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->group_in;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
      for (int32_t g = 0; g < a->groups; g++) {
        nk_patch_channels_s8(x + g * a->group_in, w + g * a->group_out * size, y, &patch, a->group_out, size,
                             a->x_zero, &scaling);
        y += a->group_out;
      }
    }
  }
}
