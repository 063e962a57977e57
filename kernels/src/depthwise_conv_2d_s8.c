/* DEPTHWISE_CONV_2D with multiplier 1, int8: four channels a walk over the window; taps outside the image are
   left out. Weights are kernel_h x kernel_w x channels. */
#include "nk_depthwise_walk_s8.h"
#include "nk_dot_s8.h"
#include "nk_kernels.h"

/* All channels of one pixel; x and w stand at the first tap inside the image, where there is one. */
static inline void nk_depthwise_pixel_s8(const int8_t *x, const int8_t *w, int8_t *y, const nk_pixel_walk *p,
                                         int32_t channels, int32_t x_zero, nk_scaling *s) {
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    int32_t acc[4] = {0, 0, 0, 0};
    if (p->any) nk_walk4_s8(acc, x + c, w + c, &p->walk, x_zero);
    for (int32_t i = 0; i < 4; i++) nk_store_s8(y++, acc[i], s);
  }
  for (; c < channels; c++) nk_store_s8(y++, p->any ? nk_walk1_s8(x + c, w + c, &p->walk, x_zero) : 0, s);
}

NK_KERNEL void nk_depthwise_conv_2d_s8(const int8_t *x, const int8_t *w, const int32_t *bias,
                                       const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                       const nk_conv_2d_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->in_c) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_pixel_walk p = nk_walk_of(rows, columns, a);
      nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
      nk_depthwise_pixel_s8(x + p.x_first, w + p.w_first, y, &p, a->in_c, a->x_zero, &scaling);
    }
  }
}
