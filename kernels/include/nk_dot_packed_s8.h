/* Sums of int8 activations with packed weights in plain C, two channels at a
   time: for any core. A unit holds four inputs' weights of two channels, 32
   bits of it or 16, the first input's in the highest bits: an arithmetic shift
   leaves a weight, a shift to the left brings the next one up. */
#ifndef NK_DOT_PACKED_S8_H
#define NK_DOT_PACKED_S8_H

#include <stdint.h>

#include "nk_fixed_point.h"

/* A unit with its first weight in the highest bits; `w` may hold units of
 * either size. */
static inline uint32_t nk_packed_unit(const void *w, int32_t at, int32_t bits) {
  if (bits == 4) return (uint32_t)((const int32_t *)w)[at];
  return (uint32_t)((const int16_t *)w)[at] << 16;
}

static inline int32_t nk_packed_first(uint32_t unit, int32_t bits) { return (int32_t)unit >> (32 - bits); }

static inline void nk_packed_four(int32_t acc[2], const int8_t *x, uint32_t unit, int32_t bits) {
  const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  acc[0] += nk_packed_first(unit, bits) * x0, unit <<= bits;
  acc[1] += nk_packed_first(unit, bits) * x0, unit <<= bits;
  acc[0] += nk_packed_first(unit, bits) * x1, unit <<= bits;
  acc[1] += nk_packed_first(unit, bits) * x1, unit <<= bits;
  acc[0] += nk_packed_first(unit, bits) * x2, unit <<= bits;
  acc[1] += nk_packed_first(unit, bits) * x2, unit <<= bits;
  acc[0] += nk_packed_first(unit, bits) * x3, unit <<= bits;
  acc[1] += nk_packed_first(unit, bits) * x3;
}

/* The sums of `depth` inputs with the two channels whose units begin at number
 * `at`. */
static inline void nk_dot_packed(int32_t acc[2], const int8_t *x, const void *w, int32_t at, int32_t depth,
                                 int32_t bits) {
  acc[0] = 0, acc[1] = 0;
  for (; depth >= 4; depth -= 4, x += 4, at++) nk_packed_four(acc, x, nk_packed_unit(w, at, bits), bits);
  if (depth > 0) {
    int8_t last[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < depth; i++) last[i] = x[i];
    nk_packed_four(acc, last, nk_packed_unit(w, at, bits), bits);
  }
}

#endif
