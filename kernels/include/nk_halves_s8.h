/* Bytes of a word as halfwords, with their signs, on cores with the DSP extension and anywhere else. */
#ifndef NK_HALVES_S8_H
#define NK_HALVES_S8_H

#include <stdint.h>

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Bytes 0 and 2 of a word as halfwords. */
static inline int32_t nk_planes_even(uint32_t bytes) {
  int32_t pair;
  __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(bytes));
  return pair;
}

/* Bytes 1 and 3 of a word as halfwords. */
static inline int32_t nk_planes_odd(uint32_t bytes) {
  int32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(bytes));
  return pair;
}

#else

static inline int32_t nk_planes_even(uint32_t bytes) {
  const uint32_t low = (uint32_t)(int32_t)(int8_t)(bytes & 0xFFU) & 0xFFFFU;
  return (int32_t)(low | ((uint32_t)(int32_t)(int8_t)((bytes >> 16) & 0xFFU) << 16));
}

static inline int32_t nk_planes_odd(uint32_t bytes) { return nk_planes_even(bytes >> 8); }

#endif

#endif
