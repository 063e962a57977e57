/* CONV_2D, 3 x 3, stride 1, int8, for cores with the DSP extension: Winograd along the rows
 * (nk_winograd_s8.h). */
#include "nk_kernels.h"
#include "nk_winograd_s8.h"

/* A window that reaches over an edge: its first pixel is (iy, ix); pixels outside the image are those of
 * `zero`. */
static inline void nk_combine_edge(nk_combine *s, const int8_t *x, const int8_t *zero, int32_t iy, int32_t ix,
                                   const nk_winograd_args *a) {
  s->rows = 1;
  for (const int32_t end = iy + 3; iy < end; iy++, s->columns += 6 * s->groups) {
    for (int32_t k = 0; k < 4; k++) {
      const int32_t there = iy >= 0 && iy < a->in_h && ix + k >= 0 && ix + k < a->in_w;
      s->d[k] = there ? x + (iy * a->in_w + ix + k) * a->in_c : zero;
    }
    nk_combine_rows(s);
  }
}

/* The window of the outputs (oy, ox) and (oy, ox + 1). */
static inline void nk_combine_window(const int8_t *x, const int8_t *zero, int32_t oy, int32_t ox,
                                     int32_t *columns, const nk_winograd_args *a) {
  const int32_t iy = oy - a->pad_h;
  const int32_t ix = ox - a->pad_w;
  nk_combine s = {.columns = columns,
                  .product = 18 * a->in_c,
                  .groups = a->in_c >> 2,
                  .rows = 3,
                  .step = (a->in_w - 1) * a->in_c};
  if (iy < 0 || ix < 0 || iy + 3 > a->in_h || ix + 4 > a->in_w) {
    nk_combine_edge(&s, x, zero, iy, ix, a);
    return;
  }
  for (int32_t k = 0; k < 4; k++) s.d[k] = x + (iy * a->in_w + ix + k) * a->in_c;
  nk_combine_rows(&s);
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
