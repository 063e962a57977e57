/* What kernels with packed weights share on cores with the DSP extension: products, and the requantisation
   for any multiplier (ops/packed_scales.py). */
#ifndef NK_PACKED_DSP_S8_H
#define NK_PACKED_DSP_S8_H

#include "nk_pairs_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Any multiplier: shifted to the left before the first rounding, and so between the two that the second one
 * is by two bits or more (NK_TWICE). */
#define NK_GENERAL(r, multiplier, power, before, between, zero)                                            \
  "lsl " r ", " r ", " before "\n smmlar " r ", " r ", " multiplier ", " r "\n lsl " r ", " r ", " between \
  "\n add " r ", " r ", " r ", asr #31\n smmlar " r ", " r ", " power ", " zero "\n ssat " r ", #8, " r "\n"

/* Moves the low 14 bits of a sum. */
#define NK_W2_TAKE(sum, total) \
  "sbfx lr, " sum ", #0, #14\n sub " sum ", " sum ", lr\n add " total ", " total ", lr\n"

static inline int32_t nk_packed_added(uint32_t pair, int32_t sum) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(pair), "r"(0x00010001U));
  return sum;
}

#else

/* Any multiplier; scale: multiplier, power, shift before, shift between. */
static inline int8_t nk_scaled_general(int32_t acc, const int32_t *scale, int32_t zero) {
  const int32_t large = (int32_t)((uint32_t)acc << scale[2]);
  const int32_t value = (int32_t)((uint32_t)nk_smmlar(large, scale[0], large) << scale[3]);
  return nk_strip_saturated(nk_smmlar(value + (value >> 31), scale[1], zero));
}

static inline int32_t nk_packed_added(uint32_t pair, int32_t sum) { return nk_smlad(pair, 0x00010001U, sum); }

/* Adds to the sums {a, a + 16 b, 256 c, all four}. */
static inline void nk_w4_products(int32_t sums[4], uint32_t word, uint32_t x) {
  sums[0] = nk_smlad(word & 0x000F000FU, x, sums[0]);
  sums[1] = nk_smlad(word & 0x00FF00FFU, x, sums[1]);
  sums[2] = nk_smlad(word & 0x0F000F00U, x, sums[2]);
  sums[3] = nk_smlad(word, x, sums[3]);
}

/* The channels' own sums, 1, 16, 256 and 4096 times as large; `offset` is the inputs' sum, negative. */
static inline void nk_w4_apart(int32_t sums[4], int32_t offset) {
  const uint32_t all = (uint32_t)sums[3] - (uint32_t)sums[1] - (uint32_t)sums[2];
  const uint32_t off = (uint32_t)offset;
  const uint32_t b = (uint32_t)sums[1] - (uint32_t)sums[0] + (off << 7);
  sums[3] = (int32_t)all;
  sums[1] = (int32_t)b;
  sums[0] = (int32_t)((uint32_t)sums[0] + (off << 3));
  sums[2] = (int32_t)((uint32_t)sums[2] + (off << 11));
}

static inline uint32_t nk_rotated(uint32_t word, int32_t by) { return word >> by | word << (-by & 31); }

#define NK_W2_PAIRS 0xC003C003U

/* The low 14 bits of a sum, as a signed number. */
static inline int32_t nk_w2_low(int32_t sum) { return (int32_t)((uint32_t)sum << 18) >> 18; }

/* One of `scale`, for channel c of four. */
static inline int8_t nk_packed_scaled(int32_t sum, const int32_t *scales, int32_t c, int32_t factor,
                                      int32_t fraction, int32_t once) {
  if (once) return nk_scaled_once(sum, scales + 2 * c, fraction);
  return nk_scaled_general(sum >> factor, scales + 1 + 4 * c, scales[0]);
}

#endif

#endif
