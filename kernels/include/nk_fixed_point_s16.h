/* gemmlowp's functions of 16-bit fixed-point numbers, to the bit. With n bits before the point a number is
   raw / 2^(15 - n). The Python twin is src/netsuke/ops/fixed_point_s16.py. Where gemmlowp rounds halves away
   from zero, or saturates, and no input makes a difference, that is left out: tests hold the two together
   over all inputs. */
#ifndef NK_FIXED_POINT_S16_H
#define NK_FIXED_POINT_S16_H

#include "nk_fixed_point.h"

/* The product of two such numbers; -1 times -1 does not occur. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

static inline int32_t nk_product_s16(int32_t a, int32_t b) {
  int32_t sum;
  __asm__("smlabb %0, %1, %2, %3" : "=r"(sum) : "r"(a), "r"(b), "r"(1 << 14));
  return sum >> 15;
}

#else

static inline int32_t nk_product_s16(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

#endif

static inline int32_t nk_saturate_s16(int32_t x) { return nk_clamp(x, -32768, 32767); }

/* exp(a) for -1/4 <= a < 0: four terms of Taylor's series around -1/8. */
static inline int32_t nk_exp_within_a_quarter_s16(int32_t a) {
  const int32_t x = a + (1 << 12);
  const int32_t x2 = nk_product_s16(x, x);
  const int32_t x3 = nk_product_s16(x2, x);
  const int32_t x4 = nk_product_s16(x2, x2);
  const int32_t rest = (nk_product_s16(((x4 + 2) >> 2) + x3, 10923) + x2 + 1) >> 1;
  return nk_min(28918 + nk_product_s16(28918, x + rest), 32767);
}

/* exp(a) without bits before the point, for a < 0 with `bits` of them, 1 to 7. */
static inline int32_t nk_exp_of_negative_s16(int32_t a, int32_t bits) {
  const int32_t fraction = 15 - bits;
  const int32_t quarter = 1 << (fraction - 2);
  const int32_t within = (a & (quarter - 1)) - quarter;
  const int32_t rest = (within - a) >> (fraction - 2);
  if (bits > 4 && rest >= 64) return 0; /* exp(-16) and less */
  int32_t y = nk_exp_within_a_quarter_s16(within * (1 << bits));
  if (rest & 1) y = nk_product_s16(y, 25520);
  if (rest & 2) y = nk_product_s16(y, 19875);
  if (rest & 4) y = nk_product_s16(y, 12055);
  if (rest & 8) y = nk_product_s16(y, 4435);
  if (rest & 16) y = nk_product_s16(y, 600);
  if (bits > 3 && (rest & 32)) y = nk_product_s16(y, 11);
  return y;
}

/* 2 / (1 + a) with two bits before the point, for 0 <= a < 1: three steps of Newton's. */
static inline int32_t nk_reciprocal_s16(int32_t a) {
  const int32_t half = (a + 32768) >> 1;
  int32_t x = 23130 + nk_product_s16(half, -15420);
  for (int32_t i = 0; i < 3; i++) x += nk_product_s16(x, (1 << 13) - nk_product_s16(half, x)) * 4;
  return x;
}

/* 1 / (1 + exp(-x)) in 1/32768, of x with three bits before the point. */
static inline int32_t nk_logistic_fixed_s16(int32_t x) {
  if (x == 0) return 1 << 14;
  const int32_t above = nk_min(nk_reciprocal_s16(nk_exp_of_negative_s16(x > 0 ? -x : x, 3)) * 2, 32767);
  return x > 0 ? above : 32767 - above;
}

/* tanh in 1/32768, of x with `bits` before the point, 0 to 6. */
static inline int32_t nk_tanh_fixed_s16(int32_t x, int32_t bits) {
  if (x == 0) return 0;
  const int32_t e = nk_exp_of_negative_s16(x > 0 ? -x : x, bits + 1);
  const int32_t size = nk_min((nk_reciprocal_s16(e) - (1 << 13)) * 4, 32767);
  return x > 0 ? size : -size;
}

#endif
