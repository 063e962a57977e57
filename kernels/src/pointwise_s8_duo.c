/* CONV_2D with a window of one pixel, int8, for cores with the DSP extension: two pixels a strip
   (nk_strip_duo_s8.h). The input of a strip is widened before its output is written. */
#include "nk_kernels.h"
#include "nk_strip_duo_s8.h"

/* One pixel's inputs; behind the last of them stand zeros. */
static inline void nk_pointwise_duo_widen(const int8_t *x, int32_t *columns, const nk_strip_args *a) {
  const int32_t whole = a->depth >> 2;
  nk_duo_widen(x, whole, columns);
  if ((a->depth & 3) != 0) {
    uint32_t bytes = 0;
    memcpy(&bytes, x + 4 * whole, (size_t)(a->depth & 3));
    nk_duo_widen_word(bytes, columns + 4 * whole);
  }
}

/* Strips whose pixels are whole words: their columns are made on the way. */
static inline void nk_pointwise_duo_words(nk_strip_duo *s, const int8_t *x, int8_t *y,
                                          const nk_strip_args *a) {
  const int32_t even = a->pixels & ~1;
  s->x = x;
  s->x_step = a->depth;
  s->strips = even >> 1;
  if (even > 0) nk_strip_duo_store(s, y, 2, a);
  s->x = x + even * a->depth;
  s->x_step = 0;
  s->strips = 1;
  if (even < a->pixels) nk_strip_duo_store(s, y + even * a->channels, 1, a);
}

NK_KERNEL void nk_pointwise_s8_duo(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                   const nk_strip_args *a) {
  int32_t *const columns = scratch;
  nk_strip_duo s = nk_strip_duo_of(columns, w, a);
  if ((a->depth & 3) == 0) {
    nk_pointwise_duo_words(&s, x, y, a);
    return;
  }
  for (int32_t left = a->pixels; left > 0; left -= 2) {
    nk_pointwise_duo_widen(x, columns, a);
    nk_pointwise_duo_widen(left > 1 ? x + a->depth : x, columns + 1, a);
    nk_strip_duo_store(&s, y, nk_min(left, 2), a);
    x += 2 * a->depth;
    y += 2 * a->channels;
  }
}
