/* DEPTHWISE_CONV_2D with multiplier 1, int16 activations and int8 weights, kernel_h x kernel_w x channels. */
#include "nk_dot_s16.h"
#include "nk_kernels.h"

static inline int64_t nk_depthwise1_s16(const int16_t *x, const int8_t *w, const nk_patch *p,
                                        int32_t channels) {
  int64_t acc = 0;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first * channels;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row * channels) {
    for (int32_t run = 0; run < p->runs; run++)
      acc += (int32_t)x[xr + run * p->x_run] * w[wr + run * channels];
  }
  return acc;
}

NK_KERNEL void nk_depthwise_conv_2d_s16(const int16_t *x, const int8_t *w, const int64_t *bias,
                                        const int32_t *multiplier, const int8_t *shift, int16_t *y,
                                        const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t c = 0; c < channels; c++) {
        const int64_t acc = nk_depthwise1_s16(x + c, w + c, &patch, channels) + bias[c];
        *y++ = nk_stored_s16(acc, multiplier[c * a->scale_step], shift[c * a->scale_step], a->narrow, a->low,
                             a->high);
      }
    }
  }
}
