/* The factor that brings a group of int8 to variance 1, in integers. The formula and its Python twin are in
   src/netsuke/ops/normalize_s8.py. */
#ifndef NK_NORMAL_S8_H
#define NK_NORMAL_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"

/* y = y_zero + (d * factor) / 2^(32 + shift) with d = a->factor * x - offset. */
typedef struct nk_normal {
  int32_t factor;
  int32_t shift;
  int32_t offset;
} nk_normal;

/* 2^46 / sqrt(m) for m in 2^30..2^32 - 1: a line, then four of Newton's steps. */
static inline uint32_t nk_reciprocal_root(uint32_t m) {
  uint32_t r = 2369425638U - (uint32_t)(((uint64_t)m * 1431655765U) >> 32);
  for (int32_t i = 0; i < 4; i++) {
    const uint32_t square = (uint32_t)(((uint64_t)r * r) >> 32);
    const uint32_t rest = (3U << 28) - (uint32_t)(((uint64_t)square * m) >> 32);
    r = (uint32_t)(((uint64_t)r * rest) >> 29);
  }
  return r;
}

/* Zeros in front of a number that is not 0, less one where they are odd. */
static inline int32_t nk_even_zeros(uint64_t w) {
  const uint32_t high = (uint32_t)(w >> 32);
#ifdef __ARM_FEATURE_CLZ
  const int32_t zeros = high != 0 ? __builtin_clz(high) : 32 + __builtin_clz((uint32_t)w);
  return zeros & ~1;
#else
  int32_t zeros = high != 0 ? 0 : 32;
  uint32_t m = high != 0 ? high : (uint32_t)w;
  for (int32_t step = 16; step >= 2; step >>= 1) {
    if (m >> (32 - step) == 0) {
      m <<= step;
      zeros += step;
    }
  }
  return zeros;
#endif
}

/* From W, which is below 2^62. */
static inline nk_normal nk_normal_factor(uint64_t w, int32_t offset, int32_t multiplier, int32_t shift) {
  nk_normal found = {0, 0, offset};
  if (w == 0) return found;
  const int32_t zeros = nk_even_zeros(w);
  const uint32_t r = nk_reciprocal_root((uint32_t)((w << zeros) >> 32));
  uint64_t f = ((uint64_t)r * (uint32_t)multiplier) >> 31;
  const int32_t g = shift - (zeros >> 1);
  if (g < 0) f <<= g < -31 ? 31 : -g;
  found.factor = f > 0x7FFFFFFFU ? 0x7FFFFFFF : (int32_t)f;
  found.shift = g < 0 ? 0 : (g > 31 ? 31 : g);
  return found;
}

/* From the sums of a group's elements and of their squares. */
static inline nk_normal nk_normal_of_sums(int32_t sum, int32_t squares, const nk_normal_s8_args *a) {
  const int64_t zero = a->x_zero;
  const int64_t spread = a->centred != 0 ? (int64_t)a->count * squares - (int64_t)sum * sum
                                         : squares + zero * (a->count * zero - 2 * (int64_t)sum);
  const uint64_t epsilon = ((uint64_t)(uint32_t)a->epsilon_high << 32) + (uint32_t)a->epsilon_low;
  const int32_t offset = (a->centred != 0 ? sum : a->x_zero) * (1 << a->lift);
  return nk_normal_factor(((uint64_t)spread << 8) + epsilon, offset, a->multiplier, a->shift);
}

static inline int8_t nk_normal_element(int32_t x, nk_normal n, int64_t half, const nk_normal_s8_args *a) {
  const int64_t product = (int64_t)(a->factor * x - n.offset) * n.factor;
  const int32_t scaled = (int32_t)((product + half) >> 32) >> n.shift;
  return (int8_t)nk_clamp(scaled + a->y_zero, -128, 127);
}

static inline int64_t nk_normal_half(nk_normal n) { return (int64_t)1 << (31 + n.shift); }

#endif
