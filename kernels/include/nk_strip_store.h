/* Runs a strip and puts its outputs where they belong, clamped. */
#ifndef NK_STRIP_STORE_H
#define NK_STRIP_STORE_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_strip_s8.h"

static inline void nk_strip_clamp(int8_t *y, int32_t n, const nk_strip_args *a) {
  for (; n > 0; n--, y++) *y = (int8_t)nk_clamp(*y, a->low, a->high);
}

/* `whole` of the three pixels are real. Straight into y when all are and the channels come in pairs, else by
   way of `staged`, which holds 3 x (channels + 1) bytes. */
static inline void nk_strip_store(nk_strip *s, int8_t *y, int8_t *staged, int32_t whole,
                                  const nk_strip_args *a) {
  const int32_t direct = whole == 3 && (a->channels & 1) == 0;
  s->y = direct ? y : staged;
  s->stride = a->channels + (a->channels & 1);
  if (a->relu) {
    nk_strip_relu_s8(s);
  } else {
    nk_strip_s8(s);
  }
  for (int32_t p = 0; !direct && p < whole; p++) {
    memcpy(y + p * a->channels, staged + p * s->stride, (size_t)a->channels);
  }
  if (a->narrow) nk_strip_clamp(y, whole * a->channels, a);
}

#endif
