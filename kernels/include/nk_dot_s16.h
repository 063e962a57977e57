/* Dot products of int16 activations and int8 weights, and what becomes of their sums. */
#ifndef NK_DOT_S16_H
#define NK_DOT_S16_H

#include "nk_patch.h"
#include "nk_requantize.h"

/* acc + sum of x * w over n elements. */
static inline int64_t nk_dot_s16(int64_t acc, const int16_t *x, const int8_t *w, int32_t n) {
  for (; n > 0; n--) acc += (int32_t)*x++ * *w++;
  return acc;
}

/* The value stored for an accumulator, bias included: `narrow` ones were 32 bits wide in LiteRT and round as
 * such. */
static inline int16_t nk_stored_s16(int64_t acc, int32_t multiplier, int32_t shift, int32_t narrow,
                                    int32_t low, int32_t high) {
  const int32_t scaled =
      narrow ? nk_scale_fixed((int32_t)acc, multiplier, shift) : nk_requantize_s64(acc, multiplier, shift);
  return (int16_t)nk_clamp(scaled, low, high);
}

static inline int64_t nk_patch_dot_s16(const int16_t *x, const int8_t *w, const nk_patch *p) {
  int64_t acc = 0;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      acc = nk_dot_s16(acc, x + xr + run * p->x_run, w + wr + run * p->w_run, p->length);
    }
  }
  return acc;
}

#endif
