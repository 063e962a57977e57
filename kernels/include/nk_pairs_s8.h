/* What the int8 kernels for the DSP extension share: bytes widened to pairs of halfwords, and the
   requantisation.

   The requantisation is TFLite's, to the bit, in one of two forms. The general one takes any multiplier below
   one half: the first rounding, (acc * multiplier + 2^30) >> 31, is SMMLAR with acc added in at bit 32 and
   the constant 2 * multiplier - 2^32, which fits 32 bits; the second rounds halves away from zero, so
   negative sums lose one first. The other is for activations that clamp negative sums away, with constants
   found and proved at build time (ops/high_multiply.py): SMMLA, then SSAT with a shift by 4. */
#ifndef NK_PAIRS_S8_H
#define NK_PAIRS_S8_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_STRIP_ROUND_TWICE(r)                                                                \
  "smmlar " r ", " r ", r1, " r "\n add " r ", " r ", " r ", asr #31\n add " r ", r2\n asr " r \
  ", r3\n"                                                                                     \
  "ssat " r ", #8, " r "\n"
#define NK_STRIP_SCALE                                                                \
  "ldm r0!, {r1, r2, r3}\n" NK_STRIP_ROUND_TWICE("r4") NK_STRIP_ROUND_TWICE("r5")     \
      NK_STRIP_ROUND_TWICE("r6") "ldm r0!, {r1, r2, r3}\n" NK_STRIP_ROUND_TWICE("r7") \
          NK_STRIP_ROUND_TWICE("r8") NK_STRIP_ROUND_TWICE("lr")

/* The general form for shifts s >= 2: the second rounding, too, is SMMLAR, by 2^(32 - s) with the zero point
   added in. */
#define NK_TWICE(r, multiplier, power, zero)                          \
  "smmlar " r ", " r ", " multiplier ", " r "\n add " r ", " r ", " r \
  ", asr #31\n"                                                       \
  "smmlar " r ", " r ", " power ", " zero "\n ssat " r ", #8, " r "\n"

#define NK_ONCE(r, multiplier, addend, fraction) \
  "smmla " r ", " r ", " multiplier ", " addend "\n ssat " r ", #8, " r ", asr #" fraction "\n"
#define NK_STRIP_ONCE(r, multiplier, addend) NK_ONCE(r, multiplier, addend, "4")
#define NK_STRIP_SCALE_RELU                                                                           \
  "ldm r0!, {r1, r2, r3, r9}\n" NK_STRIP_ONCE("r4", "r1", "r2") NK_STRIP_ONCE("r5", "r1", "r2")       \
      NK_STRIP_ONCE("r6", "r1", "r2") NK_STRIP_ONCE("r7", "r3", "r9") NK_STRIP_ONCE("r8", "r3", "r9") \
          NK_STRIP_ONCE("lr", "r3", "r9")

static inline uint32_t nk_pairs_02(uint32_t bytes) {
  uint32_t pairs;
  __asm__("sxtb16 %0, %1" : "=r"(pairs) : "r"(bytes));
  return pairs;
}

static inline uint32_t nk_pairs_13(uint32_t bytes) {
  uint32_t pairs;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pairs) : "r"(bytes));
  return pairs;
}

#else /* the same in C: what the assembly is held against, and what other machines run in tests */

static inline uint32_t nk_pairs_02(uint32_t bytes) {
  const uint32_t low = (uint32_t)(int32_t)(int8_t)(bytes & 0xFFU) & 0xFFFFU;
  return low | ((uint32_t)(int32_t)(int8_t)((bytes >> 16) & 0xFFU) << 16);
}

static inline uint32_t nk_pairs_13(uint32_t bytes) { return nk_pairs_02(bytes >> 8); }

static inline int32_t nk_smlad(uint32_t a, uint32_t b, int32_t acc) {
  const int32_t low = (int16_t)(a & 0xFFFFU) * (int16_t)(b & 0xFFFFU);
  const int32_t high = (int16_t)(a >> 16) * (int16_t)(b >> 16);
  return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

static inline int8_t nk_strip_saturated(int32_t value) {
  return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

static inline int8_t nk_strip_scaled(int32_t acc, const int32_t *scale) {
  const int64_t wide = (int64_t)acc * scale[0] + ((int64_t)acc * (INT64_C(1) << 32)) + (INT64_C(1) << 31);
  const int32_t value = (int32_t)(wide >> 32);
  return nk_strip_saturated((value + (value >> 31) + scale[1]) >> scale[2]);
}

/* (a * b + c * 2^32 + 2^31) >> 32 */
static inline int32_t nk_smmlar(int32_t a, int32_t b, int32_t c) {
  return (int32_t)(((int64_t)a * b + (int64_t)c * (INT64_C(1) << 32) + (INT64_C(1) << 31)) >> 32);
}

static inline int8_t nk_scaled_twice(int32_t acc, const int32_t *scale, int32_t zero) {
  const int32_t value = nk_smmlar(acc, scale[0], acc);
  return nk_strip_saturated(nk_smmlar(value + (value >> 31), scale[1], zero));
}

static inline int8_t nk_scaled_once(int32_t acc, const int32_t *scale, int32_t fraction) {
  return nk_strip_saturated(((int32_t)(((int64_t)acc * scale[0]) >> 32) + scale[1]) >> fraction);
}

static inline int8_t nk_strip_scaled_relu(int32_t acc, const int32_t *scale) {
  return nk_scaled_once(acc, scale, 4);
}

#endif

static inline uint32_t nk_word(const int8_t *x) {
  uint32_t bytes;
  memcpy(&bytes, x, 4);
  return bytes;
}

#endif
