/* DEPTHWISE_CONV_2D with multiplier 1, int8: four channels a walk over the window; taps outside the image are
   left out. Weights are kernel_h x kernel_w x channels. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

/* How a window is walked: steps to the next tap of a row, and from a row's last tap to the next row's first.
 */
typedef struct nk_depthwise_walk {
  int32_t rows;
  int32_t columns;
  int32_t x_step;
  int32_t x_turn;
  int32_t w_step;
  int32_t w_turn;
} nk_depthwise_walk;

/* Sums of four neighbouring channels; the loops leave before they would step out of the image. */
static inline void nk_walk4_s8(int32_t acc[4], const int8_t *x, const int8_t *w,
                               const nk_depthwise_walk *walk, int32_t x_zero) {
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  const int32_t x_step = walk->x_step;
  const int32_t w_step = walk->w_step;
  for (int32_t row = walk->rows;;) {
    for (int32_t column = walk->columns;;) {
      a0 += (x[0] - x_zero) * w[0];
      a1 += (x[1] - x_zero) * w[1];
      a2 += (x[2] - x_zero) * w[2];
      a3 += (x[3] - x_zero) * w[3];
      if (--column == 0) break;
      x += x_step;
      w += w_step;
    }
    if (--row == 0) break;
    x += walk->x_turn;
    w += walk->w_turn;
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

static inline int32_t nk_walk1_s8(const int8_t *x, const int8_t *w, const nk_depthwise_walk *walk,
                                  int32_t x_zero) {
  int32_t acc = 0;
  for (int32_t row = walk->rows;;) {
    for (int32_t column = walk->columns;;) {
      acc += (*x - x_zero) * *w;
      if (--column == 0) break;
      x += walk->x_step;
      w += walk->w_step;
    }
    if (--row == 0) return acc;
    x += walk->x_turn;
    w += walk->w_turn;
  }
}

/* All channels of one pixel; x and w stand at the first tap inside the image, where there is one. */
static inline void nk_depthwise_pixel_s8(const int8_t *x, const int8_t *w, int8_t *y,
                                         const nk_depthwise_walk *walk, int32_t channels, int32_t x_zero,
                                         nk_scaling *s) {
  const int32_t any = walk->rows > 0 && walk->columns > 0;
  int32_t c = 0;
  for (; c + 4 <= channels; c += 4) {
    int32_t acc[4] = {0, 0, 0, 0};
    if (any) nk_walk4_s8(acc, x + c, w + c, walk, x_zero);
    for (int32_t i = 0; i < 4; i++) nk_store_s8(y++, acc[i], s);
  }
  for (; c < channels; c++) nk_store_s8(y++, any ? nk_walk1_s8(x + c, w + c, walk, x_zero) : 0, s);
}

NK_KERNEL void nk_depthwise_conv_2d_s8(const int8_t *x, const int8_t *w, const int32_t *bias,
                                       const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                       const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const int32_t x_step = a->dilation_w * channels;
      const nk_depthwise_walk walk = {
          .rows = rows.count,
          .columns = columns.count,
          .x_step = x_step,
          .x_turn = a->dilation_h * a->in_w * channels - (columns.count - 1) * x_step,
          .w_step = channels,
          .w_turn = (a->kernel_w - columns.count + 1) * channels,
      };
      nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
      const int32_t any = rows.count > 0 && columns.count > 0;
      const int32_t x_first = any ? (rows.at * a->in_w + columns.at) * channels : 0;
      const int32_t w_first = any ? (rows.tap * a->kernel_w + columns.tap) * channels : 0;
      nk_depthwise_pixel_s8(x + x_first, w + w_first, y, &walk, channels, a->x_zero, &scaling);
      y += channels;
    }
  }
}
