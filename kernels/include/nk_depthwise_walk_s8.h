/* Walks over the window of a depthwise convolution, int8: one or four channels a walk, taps outside the image
   left out. Weights are kernel_h x kernel_w x channels. */
#ifndef NK_DEPTHWISE_WALK_S8_H
#define NK_DEPTHWISE_WALK_S8_H

#include "nk_args.h"
#include "nk_patch.h"

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

/* The walk over the window of a pixel, and where its first tap inside the image lies. */
typedef struct nk_pixel_walk {
  nk_depthwise_walk walk;
  int32_t any;
  int32_t x_first;
  int32_t w_first;
} nk_pixel_walk;

static inline nk_pixel_walk nk_walk_of(nk_span rows, nk_span columns, const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c, x_step = a->dilation_w * channels;
  nk_pixel_walk p = {.any = rows.count > 0 && columns.count > 0};
  p.walk = (nk_depthwise_walk){
      .rows = rows.count,
      .columns = columns.count,
      .x_step = x_step,
      .x_turn = a->dilation_h * a->in_w * channels - (columns.count - 1) * x_step,
      .w_step = channels,
      .w_turn = (a->kernel_w - columns.count + 1) * channels,
  };
  p.x_first = p.any ? (rows.at * a->in_w + columns.at) * channels : 0;
  p.w_first = p.any ? (rows.tap * a->kernel_w + columns.tap) * channels : 0;
  return p;
}

#endif
