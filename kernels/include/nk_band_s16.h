/* Convolutions of int16 images in strips (nk_strip_s16.h).

   Rows of the image that a row of outputs sees are written column by column into a band: column after column,
   each as its kernel_h pixels. A window is then one run of kernel_w columns, and the next pixel's begins
   stride_w columns on: an input is copied once for all kernel_w windows that see it, and padding is zeros in
   the band. A window one row high that stays within the image needs no band: the image is one. */
#ifndef NK_BAND_S16_H
#define NK_BAND_S16_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_strip_s16.h"

/* n halfwords; four words are loaded in a row, which is cheaper. */
static inline void nk_band_copy(int16_t *to, const int16_t *from, int32_t n) {
  uint32_t w[4];
  for (; n >= 8; n -= 8, from += 8, to += 8) {
    memcpy(w, from, 16);
    memcpy(to, w, 16);
  }
  for (; n >= 2; n -= 2, from += 2, to += 2) {
    memcpy(w, from, 4);
    memcpy(to, w, 4);
  }
  if (n > 0) *to = *from;
}

/* Columns of one row of the image into their places, `pitch` apart. */
static inline void nk_band_row(int16_t *to, const int16_t *from, int32_t columns, int32_t in_c,
                               int32_t pitch) {
  if (in_c == 1) {
    for (; columns > 0; columns--, to += pitch) *to = *from++;
  } else {
    for (; columns > 0; columns--, from += in_c, to += pitch) nk_band_copy(to, from, in_c);
  }
}

/* The band of `columns` columns from column ix on, of the rows that a window at row iy sees. */
static inline void nk_band_fill(int16_t *band, const int16_t *x, int32_t iy, int32_t ix, int32_t columns,
                                const nk_conv_s16_args *a) {
  const int32_t pitch = a->kernel_h * a->in_c;
  const int32_t start = nk_clamp(-ix, 0, columns);
  const int32_t end = nk_clamp(a->in_w - ix, start, columns);
  const int32_t last = iy + (a->kernel_h - 1) * a->dilation_h;
  if (iy < 0 || last >= a->in_h || end - start < columns) memset(band, 0, 2 * (size_t)(columns * pitch));
  for (int32_t i = 0; i < a->kernel_h; i++, iy += a->dilation_h) {
    if (iy < 0 || iy >= a->in_h || end == start) continue;
    nk_band_row(band + start * pitch + i * a->in_c, x + (iy * a->in_w + ix + start) * a->in_c, end - start,
                a->in_c, pitch);
  }
  band[columns * pitch] = 0; /* the other half of a last odd input */
}

/* What computes a tile of `pixels` (3 or 2) outputs from s->x on, into y. */
typedef struct nk_band_tiles {
  nk_strip_s16_function *three;
  nk_strip_s16_function *two;
} nk_band_tiles;

/* Tiles of a channel count that is odd go by way of `staged`. */
static inline void nk_band_tile(nk_strip_s16 *s, nk_band_tiles f, int32_t pixels, int16_t *y, int16_t *staged,
                                const nk_conv_s16_args *a) {
  const int32_t odd = a->channels & 1;
  s->y = odd ? staged : y;
  s->stride = pixels == 1 ? 0 : 2 * (a->channels + odd);
  if (pixels == 3) {
    f.three(s);
  } else {
    f.two(s);
  }
  for (int32_t p = 0; odd && p < pixels; p++) {
    memcpy(y + p * a->channels, staged + p * (a->channels + 1), 2 * (size_t)a->channels);
  }
}

/* n outputs of a row from the band's first window on: threes, and twos where threes would leave one or two.
 */
static inline void nk_band_outputs(nk_strip_s16 *s, nk_band_tiles f, const int16_t *band, int32_t n,
                                   int16_t *y, int16_t *staged, const nk_conv_s16_args *a) {
  const int32_t step = a->stride_w * a->kernel_h * a->in_c;
  for (int32_t left = n; left > 0;) {
    const int32_t pixels = left == 3 || left > 4 ? 3 : nk_min(left, 2);
    s->x = band;
    s->step = pixels == 1 ? 0 : 2 * step;
    nk_band_tile(s, f, pixels, y, staged, a);
    band += pixels * step;
    y += pixels * a->channels;
    left -= pixels;
  }
}

static inline void nk_band_run(nk_band_tiles f, const int16_t *x, const int8_t *w, const int32_t *scales,
                               int16_t *y, int16_t *scratch, const nk_conv_s16_args *a) {
  int16_t *const staged = scratch + (a->direct ? 0 : a->band);
  nk_strip_s16 s = {.first = a->first,
                    .run = 4 * a->pairs,
                    .weights = w,
                    .weights_end = w + a->weight_bytes,
                    .scales = scales};
  int16_t *const first = y;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t iy = oy * a->stride_h - a->pad_h;
    for (int32_t ox = 0; ox < a->out_w;) {
      const int32_t left = a->out_w - ox;
      const int32_t n = left <= a->tile + 1 ? left : a->tile;
      const int32_t ix = ox * a->stride_w - a->pad_w;
      const int16_t *band = scratch;
      if (a->direct) {
        band = x + (iy * a->in_w + ix) * a->in_c;
      } else {
        nk_band_fill(scratch, x, iy, ix, (n - 1) * a->stride_w + a->kernel_w, a);
      }
      nk_band_outputs(&s, f, band, n, y, staged, a);
      ox += n;
      y += n * a->channels;
    }
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) first[i] = (int16_t)nk_clamp(first[i], a->low, a->high);
}

#endif
