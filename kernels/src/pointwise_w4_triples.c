/* CONV_2D with a window of one pixel, weights of four bits, three pixels at a
   time (nk_triples_packed_s8.h), any core. The inputs of three pixels are
   packed before their outputs are written. */
#include "nk_kernels.h"
#include "nk_triples_packed_s8.h"

NK_KERNEL void nk_pointwise_w4_triples(const int8_t *x, const int32_t *w, const int32_t *scales, int8_t *y,
                                       void *scratch, const nk_triples_args *a) {
  uint32_t *const columns = scratch;
  /* The columns of inputs that only fill up the last four. */
  memset(columns + 2 * a->depth - 6, 0, 24);
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    nk_pack_triples(x, x + (whole > 1 ? a->in_c : 0), x + (whole - 1) * a->in_c, 1, 1, 1, a->in_c, columns);
    nk_triples_packed_store(columns, w, scales, y, whole, 4, a);
    x += 3 * a->in_c;
    y += 3 * a->channels;
  }
}
