/* Sums of int8 activations with packed weights (nk_packed_s8.h) in plain C, four channels at a time: for any
 * core. */
#ifndef NK_DOT_PACKED_S8_H
#define NK_DOT_PACKED_S8_H

#include "nk_packed_s8.h"

/* Four inputs; the sums are 2^NK_PACKED_SHIFT times too large, and modulo 2^32. */
static inline void nk_packed_four(uint32_t sums[4], const int8_t *x, const int8_t *w, int32_t bits) {
  const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  const int32_t fields = bits == 4 ? 2 : 4;
  uint32_t word = nk_word(w);
  for (int32_t c = 0; c < 4; c++) {
    if (c == fields) word = nk_word(w + 4);
    const uint32_t bytes = nk_packed_field(word, c % fields, bits);
    const int32_t low = (int8_t)(bytes & 0xFFU) * x0 + (int8_t)((bytes >> 8) & 0xFFU) * x1;
    const int32_t high = (int8_t)((bytes >> 16) & 0xFFU) * x2 + (int8_t)(bytes >> 24) * x3;
    sums[c] += (uint32_t)low + (uint32_t)high;
  }
}

/* The sums of `depth` inputs with four channels' weights; returns where the next four's begin. */
static inline const int8_t *nk_dot_packed(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t depth,
                                          int32_t bits) {
  uint32_t sums[4] = {0, 0, 0, 0};
  for (; depth >= 4; depth -= 4, x += 4, w += 2 * bits) nk_packed_four(sums, x, w, bits);
  if (depth > 0) {
    int8_t last[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < depth; i++) last[i] = x[i];
    nk_packed_four(sums, last, w, bits);
    w += 2 * bits;
  }
  for (int32_t c = 0; c < 4; c++) acc[c] = (int32_t)sums[c] >> NK_PACKED_SHIFT(bits);
  return w;
}

#endif
