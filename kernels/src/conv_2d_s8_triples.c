/* CONV_2D, int8, three pixels at a time (nk_triples_s8.h). Outside the image the input reads as its zero point. */
#include "nk_kernels.h"
#include "nk_triples_s8.h"

/* Bytes from..from + n of a row of `width` bytes, of one of the three pixels; outside the row they are `zero`. */
static inline void nk_pack_one(const int8_t *row, int32_t from, int32_t n, int32_t width, int32_t zero, int32_t pixel,
                               uint32_t *columns) {
  for (int32_t end = from + n; from < end; from++, columns += 2) {
    const uint32_t v = (uint32_t)(from >= 0 && from < width ? row[from] : zero);
    if (pixel == 0) {
      columns[0] = v;
    } else if (pixel == 1) {
      columns[1] = v;
    } else {
      columns[0] += v << 21;
      columns[1] += v << 11;
    }
  }
}

/* The windows of three pixels; iy and ix are where their first taps lie. */
static inline void nk_pack_windows(const int8_t *x, const int32_t iy[3], const int32_t ix[3], uint32_t *columns,
                                   const nk_triples_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t last = a->in_w - a->kernel_w;
  const int32_t inside = iy[0] == iy[2] && ix[0] >= 0 && ix[2] <= last;
  for (int32_t i = 0; i < a->kernel_h; i++, columns += 2 * run) {
    if (inside && iy[0] + i >= 0 && iy[0] + i < a->in_h) {
      const int8_t *const row = x + (iy[0] + i) * width;
      nk_pack_triples(row + ix[0] * a->in_c, row + ix[1] * a->in_c, row + ix[2] * a->in_c, 1, 1, 1, run, columns);
      continue;
    }
    for (int32_t p = 0; p < 3; p++) {
      const int32_t at = iy[p] + i;
      const int32_t there = at >= 0 && at < a->in_h;
      nk_pack_one(x + at * width * there, ix[p] * a->in_c, run, there ? width : 0, a->x_zero, p, columns);
    }
  }
}

NK_KERNEL void nk_conv_2d_s8_triples(const int8_t *x, const int32_t *w, const int32_t *scales, int8_t *y, void *scratch,
                                     const nk_triples_args *a) {
  uint32_t *const columns = scratch;
  columns[2 * a->depth - 1] = columns[2 * a->depth - 2] = 0;
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3, y += 3 * a->channels) {
    const int32_t whole = nk_min(left, 3);
    int32_t rows[3], places[3];
    for (int32_t p = 0; p < 3; p++) {
      rows[p] = oy * a->stride_h - a->pad_h;
      places[p] = ox * a->stride_w - a->pad_w;
      if (p + 1 < whole && ++ox == a->out_w) ox = 0, oy++;
    }
    if (++ox == a->out_w) ox = 0, oy++;
    nk_pack_windows(x, rows, places, columns, a);
    nk_triples_store(columns, w, scales, y, whole, a);
  }
}
