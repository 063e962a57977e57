/* TFLite's requantisation by two roundings in four instructions, on cores with the DSP extension: see
   NK_PLANES_TWICE in nk_planes_s8.h. `first` is 2 * multiplier - 2^32, `second` 2^(32 - shift) for a shift of
   2 or more to the right. */
#ifndef NK_SCALE_S8_H
#define NK_SCALE_S8_H

#include <stdint.h>

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

static inline int32_t nk_scale_twice_s8(int32_t x, int32_t first, int32_t second, int32_t zero) {
  __asm__("smmlar %0, %0, %1, %0\n add %0, %0, %0, asr #31\n smmlar %0, %0, %2, %3\n ssat %0, #8, %0"
          : "+r"(x)
          : "r"(first), "r"(second), "r"(zero));
  return x;
}

static inline int32_t nk_scale_dual(uint32_t w, int32_t x, int32_t sum) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(w), "r"(x));
  return sum;
}

#else

static inline int32_t nk_scale_high(int32_t a, int32_t b, int32_t sum) {
  const uint64_t product = (uint64_t)((int64_t)a * b) + (UINT64_C(1) << 31);
  return (int32_t)((uint32_t)sum + (uint32_t)(product >> 32));
}

static inline int32_t nk_scale_twice_s8(int32_t x, int32_t first, int32_t second, int32_t zero) {
  const int32_t once = nk_scale_high(x, first, x);
  const int32_t value = nk_scale_high(once + (once >> 31), second, zero);
  return value < -128 ? -128 : value > 127 ? 127 : value;
}

/* SMLAD: both halves' products, the sum modulo 2^32. */
static inline int32_t nk_scale_dual(uint32_t w, int32_t x, int32_t sum) {
  const int32_t low = (int16_t)(w & 0xFFFFU) * (int16_t)((uint32_t)x & 0xFFFFU);
  const int32_t high = (int16_t)(w >> 16) * (int16_t)((uint32_t)x >> 16);
  return (int32_t)((uint32_t)sum + (uint32_t)low + (uint32_t)high);
}

#endif

#endif
