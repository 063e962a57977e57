/* DEPTHWISE_CONV_2D with multiplier 1, int8: four channels a walk over the window; taps outside the image are
   left out. Weights are kernel_h x kernel_w x channels. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

static inline void nk_depthwise4_s8(int32_t acc[4], const int8_t* x, const int8_t* w, const nk_patch* p,
                                    int32_t channels, int32_t x_zero) {
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first * channels;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row * channels) {
    int32_t xt = xr;
    int32_t wt = wr;
    for (int32_t run = p->runs; run > 0; run--, xt += p->x_run, wt += channels) {
      a0 += (x[xt] - x_zero) * w[wt];
      a1 += (x[xt + 1] - x_zero) * w[wt + 1];
      a2 += (x[xt + 2] - x_zero) * w[wt + 2];
      a3 += (x[xt + 3] - x_zero) * w[wt + 3];
    }
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

static inline int32_t nk_depthwise1_s8(const int8_t* x, const int8_t* w, const nk_patch* p, int32_t channels,
                                       int32_t x_zero) {
  int32_t acc = 0;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first * channels;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row * channels) {
    for (int32_t run = 0; run < p->runs; run++)
      acc += (x[xr + run * p->x_run] - x_zero) * w[wr + run * channels];
  }
  return acc;
}

NK_KERNEL void nk_depthwise_conv_2d_s8(const int8_t* x, const int8_t* w, const int32_t* bias,
                                       const int32_t* multiplier, const int8_t* shift, int8_t* y,
                                       const nk_conv_2d_args* a) {
  const int32_t channels = a->in_c;
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      const int8_t* xc = x;
      const int8_t* wc = w;
      nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
      int32_t left = channels;
      for (; left >= 4; left -= 4, xc += 4, wc += 4) {
        int32_t acc[4];
        nk_depthwise4_s8(acc, xc, wc, &patch, channels, a->x_zero);
        for (int32_t c = 0; c < 4; c++) nk_store_s8(y++, acc[c], &scaling);
      }
      for (; left > 0; left--) {
        nk_store_s8(y++, nk_depthwise1_s8(xc++, wc++, &patch, channels, a->x_zero), &scaling);
      }
    }
  }
}
