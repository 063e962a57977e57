/* CONV_2D, int8, three pixels at a time (nk_triples_s8.h). Outside the image
 * the input reads as its zero point. */
#include "nk_kernels.h"
#include "nk_triples_s8.h"
#include "nk_triples_windows.h"

NK_KERNEL void nk_conv_2d_s8_triples(const int8_t *x, const int32_t *w, const int32_t *scales, int8_t *y,
                                     void *scratch, const nk_triples_args *a) {
  uint32_t *const columns = scratch;
  /* The columns of inputs that only fill up the last four. */
  memset(columns + 2 * a->depth - 6, 0, 24);
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
