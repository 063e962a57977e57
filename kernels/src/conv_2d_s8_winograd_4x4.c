/* CONV_2D, 3 x 3, stride 1, int8, for cores with the DSP extension: Winograd
 * along rows and columns (nk_winograd_4x4_s8.h). */
#include "nk_kernels.h"
#include "nk_winograd_4x4_s8.h"

/* Six pixels down from (iy, ix), copied; those outside the image are its zero
 * point. */
static inline void nk_square_copy(int8_t *to, const int8_t *x, int32_t iy, int32_t ix,
                                  const nk_winograd_4x4_args *a) {
  for (const int32_t end = iy + 6; iy < end; iy++, to += a->in_c) {
    if (iy >= 0 && iy < a->in_h && ix >= 0 && ix < a->in_w) {
      memcpy(to, x + (iy * a->in_w + ix) * a->in_c, (size_t)a->in_c);
    } else {
      memset(to, a->x_zero, (size_t)a->in_c);
    }
  }
}

/* Transforms the 6 x 6 pixels from (iy, ix) on. `first`: a copy of their first
 * column, or NULL. */
static inline void nk_square_tile(const int8_t *x, const int8_t *first, int32_t iy, int32_t ix,
                                  uint32_t *columns, int8_t *staged, const nk_winograd_4x4_args *a) {
  const int32_t place = a->in_c / 2 * a->tiles;
  for (int32_t j = 0; j < 6; j++) {
    const int32_t inside = iy >= 0 && iy + 6 <= a->in_h && ix + j >= 0 && ix + j < a->in_w;
    nk_square_walk s = {.x = staged,
                        .step = a->in_c,
                        .columns = columns + 6 * j * place,
                        .place = 4 * place,
                        .bytes = a->in_c};
    if (j == 0 && first != NULL) {
      s.x = first;
    } else if (inside) {
      s.x = x + (iy * a->in_w + ix + j) * a->in_c;
      s.step = a->in_w * a->in_c;
    } else {
      nk_square_copy(staged, x, iy, ix + j, a);
    }
    if (a->tiles == 1) {
      nk_square_down_one(&s);
    } else {
      nk_square_down_two(&s);
    }
  }
  nk_square_along(columns, 3 * a->in_c, a->tiles, 6 * place);
}

static inline void nk_square_put(const nk_square_out *s, const nk_winograd_4x4_args *a) {
  if (a->tiles == 1) {
    if (a->relu) {
      nk_square_store_one_relu(s);
    } else {
      nk_square_store_one(s);
    }
  } else if (a->relu) {
    nk_square_store_two_relu(s);
  } else {
    nk_square_store_two(s);
  }
}

/* The same for `cols` of a tile's columns, clamped: by way of 4 x 4 pixels of four channels. */
static inline void nk_square_part(nk_square_out s, int32_t cols, const nk_winograd_4x4_args *a) {
  int8_t part[64];
  int8_t *const y = s.y;
  s.y = part;
  s.pixel = 4;
  s.line = 16;
  nk_square_put(&s, a);
  for (int32_t i = 0; i < s.rows * cols; i++) {
    const int32_t row = i / cols, col = i % cols;
    for (int32_t c = 0; c < s.channels; c++)
      y[(row * a->out_w + col) * a->channels + c] =
          (int8_t)nk_clamp(part[16 * row + 4 * col + c], a->low, a->high);
  }
}

/* All channels of the tiles whose first output is y; `rows` by `cols` outputs are left from there on. */
static inline void nk_square_channels(nk_square s, const int32_t *scales, int8_t *y, int32_t rows,
                                      int32_t cols, const nk_winograd_4x4_args *a) {
  for (int32_t c = 0; c < a->channels; c += 4, scales += 12, s.weights += 144 * a->in_c) {
    if (a->tiles == 1) {
      nk_square_one(&s);
    } else {
      nk_square_two(&s);
    }
    for (int32_t t = 0; t < a->tiles && 4 * t < cols; t++) {
      const nk_square_out out = {.sums = s.sums + t,
                                 .scales = scales,
                                 .y = y + 4 * t * a->channels + c,
                                 .channels = nk_min(a->channels - c, 4),
                                 .pixel = a->channels,
                                 .line = a->out_w * a->channels,
                                 .rows = nk_min(rows, 4),
                                 .zero = a->y_zero};
      if (a->narrow || cols - 4 * t < 4) {
        nk_square_part(out, nk_min(cols - 4 * t, 4), a);
      } else {
        nk_square_put(&out, a);
      }
    }
  }
}

NK_KERNEL void nk_conv_2d_s8_winograd_4x4(const int8_t *x, const int16_t *w, const int32_t *scales, int8_t *y,
                                          void *scratch, const nk_winograd_4x4_args *a) {
  uint32_t *const columns = scratch;
  uint32_t *const sums = columns + 18 * a->in_c * a->tiles;
  int8_t *const staged = (int8_t *)sums;
  const nk_square s = {.columns = columns, .weights = w, .sums = sums, .place = 2 * a->in_c * a->tiles};
  int8_t *const carried = staged + a->sums_bytes;
  for (int32_t oy = 0; oy < a->out_h; oy += 4) {
    for (int32_t ox = 0; ox < a->out_w; ox += 4 * a->tiles) {
      const int32_t iy = oy - a->pad_h;
      const int32_t ix = ox - a->pad_w;
      for (int32_t t = 0; t < a->tiles; t++)
        nk_square_tile(x, t == 0 && ox > 0 ? carried : NULL, iy, ix + 4 * t, columns + t, staged, a);
      /* The next tile's first column, which this one's outputs may lie over. */
      nk_square_copy(carried, x, iy, ix + 4 * a->tiles, a);
      nk_square_channels(s, scales, y + (oy * a->out_w + ox) * a->channels, a->out_h - oy, a->out_w - ox, a);
    }
  }
}
