/* Runs a strip and puts its outputs where they belong, clamped. */
#ifndef NK_STRIP_STORE_H
#define NK_STRIP_STORE_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_strip_s8.h"

static inline void nk_strip_clamp(int8_t *y, int32_t n, const nk_strip_args *a) {
  for (; n > 0; n--, y++) *y = (int8_t)nk_clamp(*y, a->low, a->high);
}

/* Where a strip's outputs go, of which `whole` pixels are real: straight into y when all three are and the
   channels come in pairs (1), else by way of `staged`, which holds 3 x (channels + 1) bytes (0). */
static inline int32_t nk_strip_aim(nk_strip *s, int8_t *y, int8_t *staged, int32_t whole,
                                   const nk_strip_args *a) {
  const int32_t direct = whole == 3 && (a->channels & 1) == 0;
  s->y = direct ? y : staged;
  s->stride = a->channels + (a->channels & 1);
  return direct;
}

static inline void nk_strip_deliver(const nk_strip *s, int8_t *y, const int8_t *staged, int32_t whole,
                                    int32_t direct, const nk_strip_args *a) {
  for (int32_t p = 0; !direct && p < whole; p++) {
    memcpy(y + p * a->channels, staged + p * s->stride, (size_t)a->channels);
  }
  if (a->narrow) nk_strip_clamp(y, whole * a->channels, a);
}

static inline void nk_strip_store(nk_strip *s, int8_t *y, int8_t *staged, int32_t whole,
                                  const nk_strip_args *a) {
  const int32_t direct = nk_strip_aim(s, y, staged, whole, a);
  if (a->relu) {
    nk_strip_relu_s8(s);
  } else {
    nk_strip_s8(s);
  }
  nk_strip_deliver(s, y, staged, whole, direct, a);
}

#endif
