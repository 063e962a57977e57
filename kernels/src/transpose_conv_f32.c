/* TRANSPOSE_CONV, float: every output pixel gathers the inputs that reach it, in the order in which LiteRT
 * scatters. */
#include "nk_dot_f32.h"
#include "nk_kernels.h"

NK_KERNEL void nk_transpose_conv_f32(const float *x, const float *w, const float *bias, float *y,
                                     const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->in_c;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_transpose_span(oy + a->pad_h, a->stride_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_transpose_span(ox + a->pad_w, a->stride_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_transpose_patch(rows, columns, line, a->in_c, a->kernel_w, a->stride_h, a->stride_w);
      nk_patch_channels_f32(x, w, bias, y, &patch, a->group_out, size, a->low_f32, a->high_f32);
      y += a->group_out;
    }
  }
}
