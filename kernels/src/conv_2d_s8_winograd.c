/* CONV_2D, 3 x 3, stride 1, int8, for cores with the DSP extension: Winograd along the rows
 * (nk_winograd_s8.h). */
#include "nk_kernels.h"
#include "nk_winograd_s8.h"

/* Four neighbouring pixels of a row, combined, as one tile's place in the columns. `words` is the size of a
 * product. */
static inline void nk_combine_row(const int8_t *const d[4], int32_t groups, int32_t words, int32_t *columns) {
  for (int32_t g = 0; g < groups; g++, columns += 6) {
    const uint32_t w0 = nk_word(d[0] + 4 * g), w1 = nk_word(d[1] + 4 * g);
    const uint32_t w2 = nk_word(d[2] + 4 * g), w3 = nk_word(d[3] + 4 * g);
    const uint32_t a0 = nk_pairs_02(w0), a1 = nk_pairs_02(w1), a2 = nk_pairs_02(w2), a3 = nk_pairs_02(w3);
    columns[0] = (int32_t)nk_add_pairs(a1, a2);
    columns[words] = (int32_t)nk_sub_pairs(a2, a1);
    columns[2 * words] = (int32_t)nk_sub_pairs(a0, a2);
    columns[3 * words] = (int32_t)nk_sub_pairs(a3, a1);
    const uint32_t b0 = nk_pairs_13(w0), b1 = nk_pairs_13(w1), b2 = nk_pairs_13(w2), b3 = nk_pairs_13(w3);
    columns[3] = (int32_t)nk_add_pairs(b1, b2);
    columns[words + 3] = (int32_t)nk_sub_pairs(b2, b1);
    columns[2 * words + 3] = (int32_t)nk_sub_pairs(b0, b2);
    columns[3 * words + 3] = (int32_t)nk_sub_pairs(b3, b1);
  }
}

/* The window of the outputs (oy, ox) and (oy, ox + 1); pixels outside the image are those of `zero`. */
static inline void nk_combine_window(const int8_t *x, const int8_t *zero, int32_t oy, int32_t ox,
                                     int32_t *columns, const nk_winograd_args *a) {
  const int32_t groups = a->in_c >> 2;
  for (int32_t i = 0; i < 3; i++, columns += 6 * groups) {
    const int32_t iy = oy - a->pad_h + i;
    const int32_t there = iy >= 0 && iy < a->in_h;
    const int8_t *d[4];
    for (int32_t k = 0; k < 4; k++) {
      const int32_t ix = ox - a->pad_w + k;
      d[k] = there && ix >= 0 && ix < a->in_w ? x + (iy * a->in_w + ix) * a->in_c : zero;
    }
    nk_combine_row((const int8_t *const *)d, groups, 18 * groups, columns);
  }
}

/* `whole` of the three tiles are real: straight into y when all are and the channels come in pairs, else
 * staged. */
static inline void nk_tiles_store(nk_tiles *s, int8_t *y, int8_t *staged, int32_t whole,
                                  const nk_winograd_args *a) {
  const int32_t even = a->channels + (a->channels & 1);
  const int32_t direct = whole == 3 && even == a->channels;
  s->y = direct ? y : staged;
  s->second = even;
  s->stride = 2 * even;
  if (a->relu) {
    nk_tiles_relu_s8(s);
  } else {
    nk_tiles_s8(s);
  }
  for (int32_t p = 0; !direct && p < 2 * whole; p++)
    memcpy(y + p * a->channels, staged + p * even, (size_t)a->channels);
  for (int32_t i = 0; a->narrow && i < 2 * whole * a->channels; i++)
    y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

NK_KERNEL void nk_conv_2d_s8_winograd(const int8_t *x, const int16_t *w, const int32_t *scales, int8_t *y,
                                      void *scratch, const nk_winograd_args *a) {
  int32_t *const columns = scratch;
  const int32_t product = 18 * a->in_c;
  int8_t *const zero = (int8_t *)(columns + product);
  nk_tiles s = {.columns = columns,
                .weights = w,
                .weights_end = w + a->weight_count,
                .scales = scales,
                .product = product};
  memset(zero, a->x_zero, (size_t)a->in_c);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->tiles; left > 0; left -= 3, y += 6 * a->channels) {
    const int32_t whole = nk_min(left, 3);
    for (int32_t p = 0; p < whole; p++) {
      nk_combine_window(x, zero, oy, ox, columns + p, a);
      ox += 2;
      if (ox == a->out_w) ox = 0, oy++;
    }
    nk_tiles_store(&s, y, zero + a->in_c, whole, a);
  }
}
