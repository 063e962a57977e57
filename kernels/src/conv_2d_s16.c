/* CONV_2D, int16 activations and int8 weights, out_channels x kernel_h x kernel_w x in_channels / groups. */
#include "nk_dot_s16.h"
#include "nk_kernels.h"

NK_KERNEL void nk_conv_2d_s16(const int16_t *x, const int8_t *w, const int64_t *bias,
                              const int32_t *multiplier, const int8_t *shift, int16_t *y,
                              const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->group_in;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      int32_t c = 0;
      for (int32_t g = 0; g < a->groups; g++) {
        for (int32_t i = 0; i < a->group_out; i++, c++) {
          const int64_t acc = nk_patch_dot_s16(x + g * a->group_in, w + c * size, &patch) + bias[c];
          *y++ = nk_stored_s16(acc, multiplier[c * a->scale_step], shift[c * a->scale_step], a->narrow,
                               a->low, a->high);
        }
      }
    }
  }
}
