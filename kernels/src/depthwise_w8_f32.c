/* DEPTHWISE_CONV_2D with multiplier 1, float, weights in int8, kernel_h x kernel_w x channels. */
#include "nk_kernels.h"
#include "nk_weights_w8_f32.h"

static inline float nk_w8_depthwise1_f32(const float *x, const int8_t *w, float s, const nk_patch *p,
                                         int32_t channels) {
  float acc = 0.0F;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first * channels;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row * channels) {
    for (int32_t run = 0; run < p->runs; run++) {
      const float weight = (float)w[wr + run * channels] * s;
      acc += x[xr + run * p->x_run] * weight;
    }
  }
  return acc;
}

NK_KERNEL void nk_depthwise_w8_f32(const float *x, const int8_t *w, const float *scale, const float *bias,
                                   float *y, const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t c = 0; c < channels; c++) {
        const float sum = nk_w8_depthwise1_f32(x + c, w + c, scale[c], &patch, channels);
        *y++ = nk_within_f32(sum + bias[c], a->low_f32, a->high_f32);
      }
    }
  }
}
