/* CONV_2D with a window of one pixel, int8, for cores with the DSP extension: two pixels a strip
   (nk_strip_duo_s8.h), and an odd one on its own. The input of a strip is widened before its output is
   written. */
#include "nk_kernels.h"
#include "nk_strip_duo_store.h"

/* One pixel's inputs; behind the last of them stand zeros. */
static inline void nk_pointwise_duo_widen(const int8_t *x, int32_t *columns, const nk_strip_args *a) {
  const int32_t whole = a->depth >> 2;
  nk_duo_widen(x, whole, columns);
  if ((a->depth & 3) != 0) {
    uint32_t bytes = 0;
    for (int32_t i = a->depth - 1; i >= 4 * whole; i--) bytes = bytes << 8 | (uint8_t)x[i];
    nk_duo_widen_word(bytes, columns + 4 * whole);
  }
}

NK_KERNEL void nk_pointwise_s8_duo(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                   const nk_strip_args *a) {
  int32_t *const columns = scratch;
  nk_strip_duo s = nk_strip_duo_of(columns, w, a);
  int8_t *to = y;
  int32_t left = a->pixels;
  if ((a->depth & 3) == 0 && left > 1) { /* pixels of whole words: columns are made on the way */
    s.x = x;
    s.x_step = a->depth;
    s.strips = left >> 1;
    nk_strip_duo_store(&s, to, 2, a);
    x += (left & ~1) * a->depth;
    to += (left & ~1) * a->channels;
    left &= 1;
  }
  s.x = NULL;
  s.strips = 1;
  for (; left > 0; left -= 2, to += 2 * a->channels) {
    const int32_t whole = nk_min(left, 2);
    for (int32_t p = 0; p < whole; p++, x += a->depth) nk_pointwise_duo_widen(x, columns + p, a);
    nk_strip_duo_store(&s, to, whole, a);
  }
  nk_strip_duo_narrow(y, a);
}
