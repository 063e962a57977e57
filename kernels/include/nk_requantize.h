/* From accumulators to stored values. The Python twin is src/netsuke/ops/requantize.py. */
#ifndef NK_REQUANTIZE_H
#define NK_REQUANTIZE_H

#include "nk_fixed_point.h"

/* a + b modulo 2^32: a folded bias may wrap, and so does LiteRT's accumulator. */
static inline int32_t nk_wrapping_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }

/* x * multiplier * 2^(shift - 31): nk_requantize's numbers in about half its instructions. Taking 1 off what
   is below zero turns halves away from zero into halves upwards; halving twice keeps the sum from
   overflowing. */
static inline int32_t nk_scale_fixed(int32_t x, int32_t multiplier, int32_t shift) {
  if (shift >= 0) return nk_doubling_high_mul((int32_t)((uint32_t)x << shift), multiplier);
  const int32_t high = nk_doubling_high_mul(x, multiplier);
  return (((high + (high >> 31)) >> (-1 - shift)) + 1) >> 1;
}

/* x * (high * 2^31 + low) / 2^(31 + shift), rounded once: gives what double arithmetic gives
 * (WideMultiplier). */
static inline int32_t nk_scale_exact(int32_t x, int32_t high, int32_t low, int32_t shift) {
  const int64_t product = (int64_t)x * high + (((int64_t)x * low) >> 31);
  return (int32_t)((product + (INT64_C(1) << (shift - 1))) >> shift);
}

/* round(x * scale) within low..high, halves away from zero, for accumulators of more than 32 bits. */
static inline int32_t nk_scale_double(int64_t x, double scale, int32_t low, int32_t high) {
  const double real = (double)x * scale;
  if (real >= (double)high) return high;
  if (real <= (double)low) return low;
  const int32_t whole = (int32_t)real;
  const double rest = real - (double)whole;
  return whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0);
}

#endif
