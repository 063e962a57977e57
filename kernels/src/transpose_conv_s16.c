/* TRANSPOSE_CONV, int16 activations and int8 weights: every output pixel gathers the inputs that reach it. */
#include "nk_dot_s16.h"
#include "nk_kernels.h"

NK_KERNEL void nk_transpose_conv_s16(const int16_t *x, const int8_t *w, const int64_t *bias,
                                     const int32_t *multiplier, const int8_t *shift, int16_t *y,
                                     const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->in_c;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_transpose_span(oy + a->pad_h, a->stride_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_transpose_span(ox + a->pad_w, a->stride_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_transpose_patch(rows, columns, line, a->in_c, a->kernel_w, a->stride_h, a->stride_w);
      for (int32_t c = 0; c < a->group_out; c++) {
        const int64_t acc = nk_patch_dot_s16(x, w + c * size, &patch) + bias[c];
        *y++ = nk_stored_s16(acc, multiplier[c * a->scale_step], shift[c * a->scale_step], a->narrow, a->low,
                             a->high);
      }
    }
  }
}
