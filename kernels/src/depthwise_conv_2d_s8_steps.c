/* DEPTHWISE_CONV_2D with multiplier 1, int8, requantised in 32-bit arithmetic (nk_steps_s8.h): for windows
   that nk_depthwise_conv_2d_s8_triples does not serve well, such as those along one axis. */
#include "nk_depthwise_walk_s8.h"
#include "nk_kernels.h"
#include "nk_steps_s8.h"

NK_KERNEL void nk_depthwise_conv_2d_s8_steps(const int8_t *x, const int8_t *w, const int32_t *scales,
                                             int8_t *y, const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c, stride = a->scale_step;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_pixel_walk p = nk_walk_of(rows, columns, a);
      const int8_t *const xp = x + p.x_first;
      const int8_t *const wp = w + p.w_first;
      const int32_t *scale = scales;
      for (int32_t c = 0; c < channels;) {
        int32_t sums[4] = {0, 0, 0, 0};
        const int32_t lanes = channels - c >= 4 ? 4 : 1;
        if (p.any && lanes == 4) {
          nk_walk4_s8(sums, xp + c, wp + c, &p.walk, a->x_zero);
        } else if (p.any) {
          sums[0] = nk_walk1_s8(xp + c, wp + c, &p.walk, a->x_zero);
        }
        c += lanes;
        for (int32_t i = 0; i < lanes; i++, scale += stride) {
          *y++ = (int8_t)nk_step(sums[i], scale, stride, a->narrow);
        }
      }
    }
  }
}
