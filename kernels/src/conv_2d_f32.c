/* CONV_2D, float: every group of channels by itself; taps outside the image are left out. */
#include "nk_dot_f32.h"
#include "nk_kernels.h"

NK_KERNEL void nk_conv_2d_f32(const float *x, const float *w, const float *bias, float *y,
                              const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->group_in;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t g = 0; g < a->groups; g++) {
        nk_patch_channels_f32(x + g * a->group_in, w + g * a->group_out * size, bias + g * a->group_out, y,
                              &patch, a->group_out, size, a->low_f32, a->high_f32);
        y += a->group_out;
      }
    }
  }
}
