/* What the int8 softmax kernels share: the first pass over a row, and gemmlowp's reciprocal by Newton's
 * method. */
#ifndef NK_SOFTMAX_H
#define NK_SOFTMAX_H

#include "nk_args.h"
#include "nk_fixed_point.h"

typedef struct nk_softmax_row {
  int32_t largest;
  int32_t reciprocal;     /* of the sum of exps, as a value in 1/2^31 ... */
  int32_t bits_over_unit; /* ... times 2^-bits_over_unit */
} nk_softmax_row;

/* 1 / (1 + x) in 1/2^31 for x in [0, 1) in 1/2^31. */
static inline int32_t nk_one_over_one_plus(int32_t x) {
  const int32_t half = (int32_t)(((uint32_t)x + (UINT32_C(1) << 31)) >> 1); /* (1 + x) / 2 */
  int32_t y = 1515870810 + nk_doubling_high_mul(half, -1010580540); /* 48/17 - 32/17 half, in 1/2^29 */
  for (int32_t i = 0; i < 3; i++) {
    const int32_t error = (INT32_C(1) << 29) - nk_doubling_high_mul(half, y);
    y += nk_doubling_high_mul(y, error) * 4;
  }
  return y < (INT32_C(1) << 30) ? y * 2 : INT32_MAX;
}

/* A row with that largest value and that sum of exps, in 1/2^19. */
static inline nk_softmax_row nk_softmax_of(uint32_t sum, int32_t largest) {
  nk_softmax_row r = {.largest = largest, .bits_over_unit = 12};
  while ((sum & (UINT32_C(1) << 31)) == 0) {
    sum <<= 1;
    r.bits_over_unit--;
  }
  r.reciprocal = nk_one_over_one_plus((int32_t)(sum - (UINT32_C(1) << 31)));
  return r;
}

/* The largest value of a row, and the reciprocal of the sum of its exps. */
static inline nk_softmax_row nk_softmax_scan(const int8_t *x, const int32_t *exps, const nk_softmax_args *a) {
  int32_t largest = x[0];
  for (int32_t i = 1; i < a->depth; i++) {
    largest = nk_max(largest, x[i]);
  }
  uint32_t sum = 0;
  for (int32_t i = 0; i < a->depth; i++) {
    const int32_t below = largest - x[i];
    if (below < a->entries) {
      sum += (uint32_t)nk_rounding_shift_right(exps[below], 12);
    }
  }
  return nk_softmax_of(sum, largest);
}

#endif
