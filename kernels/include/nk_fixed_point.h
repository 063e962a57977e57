/* Fixed-point arithmetic of TFLite's 8-bit kernels, to the bit (gemmlowp, double rounding).
   The Python twin is src/netsuke/ops/fixed_point.py; tests hold the two together. */
#ifndef NK_FIXED_POINT_H
#define NK_FIXED_POINT_H

#include <stdint.h>

static inline int32_t nk_min(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t nk_max(int32_t a, int32_t b) { return a > b ? a : b; }

static inline int32_t nk_clamp(int32_t x, int32_t low, int32_t high) { return nk_min(nk_max(x, low), high); }

/* (a * b * 2) >> 32, rounded to nearest; b is a multiplier >= 0, so INT32_MIN * INT32_MIN cannot happen.
   TFLite nudges by 2^30 or 1 - 2^30 by the product's sign and divides toward zero: flooring after adding 2^30
   gives the same number for every product, without the branch. */
static inline int32_t nk_doubling_high_mul(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* x / 2^exponent, rounded to nearest, halves away from zero; exponent in 0..31. */
static inline int32_t nk_rounding_shift_right(int32_t x, int32_t exponent) {
  const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/* x * multiplier * 2^(shift - 31): the requantisation of every int8 kernel. */
static inline int32_t nk_requantize(int32_t x, int32_t multiplier, int32_t shift) {
  const int32_t left = shift > 0 ? shift : 0;
  const int32_t right = shift > 0 ? 0 : -shift;
  return nk_rounding_shift_right(nk_doubling_high_mul((int32_t)((uint32_t)x << left), multiplier), right);
}

/* The same for a 48-bit accumulator (int16 activations): the multiplier reduced to 16 bits, one rounding. */
static inline int32_t nk_requantize_s64(int64_t x, int32_t multiplier, int32_t shift) {
  const int64_t reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int32_t total = 15 - shift;
  return (int32_t)((x * reduced + (INT64_C(1) << (total - 1))) >> total);
}

#endif
