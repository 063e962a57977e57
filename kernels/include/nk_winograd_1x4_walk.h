/* A convolution by F(4, 3) along the rows: what is transformed, and where outputs go (nk_winograd_1x4_s8.h).
 */
#ifndef NK_WINOGRAD_1X4_WALK_H
#define NK_WINOGRAD_1X4_WALK_H

#include "nk_kernels.h"
#include "nk_winograd_1x4_s8.h"

/* Transforms the six pixels from (iy, ix) on; those outside the image are its zero point. */
static inline void nk_winograd_line_row(const int8_t *x, int32_t iy, int32_t ix, uint32_t *columns,
                                        int8_t *staged, const nk_winograd_4x4_args *a) {
  nk_square_walk s = {
      .x = staged, .step = a->in_c, .columns = columns, .place = 6 * a->in_c * a->tiles, .bytes = a->in_c};
  if (iy >= 0 && iy < a->in_h && ix >= 0 && ix + 6 <= a->in_w) {
    s.x = x + (iy * a->in_w + ix) * a->in_c;
  } else {
    memset(staged, a->x_zero, 6 * (size_t)a->in_c);
    const int32_t first = nk_max(ix, 0), last = nk_min(ix + 6, a->in_w);
    if (iy >= 0 && iy < a->in_h && first < last)
      memcpy(staged + (first - ix) * a->in_c, x + (iy * a->in_w + first) * a->in_c,
             (size_t)((last - first) * a->in_c));
  }
  if (a->tiles == 1) {
    nk_winograd_line_along_one(&s);
  } else {
    nk_winograd_line_along_two(&s);
  }
}

static inline void nk_winograd_line_put(const nk_square_out *s, const nk_winograd_4x4_args *a) {
  if (a->tiles == 1) {
    if (a->relu) {
      nk_winograd_line_store_one_relu(s);
    } else {
      nk_winograd_line_store_one(s);
    }
  } else if (a->relu) {
    nk_winograd_line_store_two_relu(s);
  } else {
    nk_winograd_line_store_two(s);
  }
}

/* The same for the first `cols` of a tile's outputs, clamped: by way of four pixels of four channels. */
static inline void nk_winograd_line_part(nk_square_out s, int32_t cols, const nk_winograd_4x4_args *a) {
  int8_t part[16];
  int8_t *const y = s.y;
  s.y = part;
  s.pixel = 4;
  nk_winograd_line_put(&s, a);
  for (int32_t i = 0; i < cols; i++) {
    for (int32_t c = 0; c < s.channels; c++)
      y[i * a->channels + c] = (int8_t)nk_clamp(part[4 * i + c], a->low, a->high);
  }
}

/* All channels of the tiles whose first output is y; `cols` outputs are left from there on. */
static inline void nk_winograd_line_channels(nk_winograd_line s, const int32_t *scales, int8_t *y,
                                             int32_t cols, const nk_winograd_4x4_args *a) {
  for (int32_t c = 0; c < a->channels; c += 4, scales += 12, s.weights += 72 * a->in_c) {
    if (a->tiles == 1) {
      nk_winograd_line_one(&s);
    } else {
      nk_winograd_line_two(&s);
    }
    for (int32_t t = 0; t < a->tiles && 4 * t < cols; t++) {
      const nk_square_out out = {.sums = s.sums + t,
                                 .scales = scales,
                                 .y = y + 4 * t * a->channels + c,
                                 .channels = nk_min(a->channels - c, 4),
                                 .pixel = a->channels,
                                 .line = 0,
                                 .rows = 1,
                                 .zero = a->y_zero};
      if (a->narrow || cols - 4 * t < 4) {
        nk_winograd_line_part(out, nk_min(cols - 4 * t, 4), a);
      } else {
        nk_winograd_line_put(&out, a);
      }
    }
  }
}

static inline void nk_winograd_line_image(const int8_t *x, const int16_t *w, const int32_t *scales, int8_t *y,
                                          void *scratch, const nk_winograd_4x4_args *a) {
  uint32_t *const columns = scratch;
  uint32_t *const sums = columns + 9 * a->in_c * a->tiles;
  const nk_winograd_line s = {
      .columns = columns, .weights = w, .sums = sums, .place = 6 * a->in_c * a->tiles};
  (void)nk_square_along; /* No part of this kernel: compilers warn of functions that nobody names. */
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    for (int32_t ox = 0; ox < a->out_w; ox += 4 * a->tiles) {
      for (int32_t i = 0; i < 3 * a->tiles; i++) {
        const int32_t row = i % 3, tile = i / 3;
        nk_winograd_line_row(x, oy - a->pad_h + row, ox - a->pad_w + 4 * tile,
                             columns + row * a->in_c / 2 * a->tiles + tile, (int8_t *)sums, a);
      }
      nk_winograd_line_channels(s, scales, y + (oy * a->out_w + ox) * a->channels, a->out_w - ox, a);
    }
  }
}

#endif
