/* Rescaling of int8 and int16 elements on cores with the DSP extension.

   Linear: one product of 16 x 32 bits, its upper 32 bits plus an addend, shifted and saturated; the build has
   looked at every element that there is. Twice: TFLite's two roundings, the first of them SMMULR of an
   element that is shifted to the left by one more than the multiplier asks for. */
#ifndef NK_RESCALE_DSP_H
#define NK_RESCALE_DSP_H

#include "nk_args.h"
#include "nk_fixed_point.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* (multiplier * x >> 16) + addend, x the lower or the upper half of a word. */
static inline int32_t nk_linear_low(int32_t multiplier, uint32_t x, int32_t addend) {
  int32_t y;
  __asm__("smlawb %0, %1, %2, %3" : "=r"(y) : "r"(multiplier), "r"(x), "r"(addend));
  return y;
}

static inline int32_t nk_linear_high(int32_t multiplier, uint32_t x, int32_t addend) {
  int32_t y;
  __asm__("smlawt %0, %1, %2, %3" : "=r"(y) : "r"(multiplier), "r"(x), "r"(addend));
  return y;
}

static inline int32_t nk_linear_s8(int32_t y) {
  __asm__("ssat %0, #8, %0, asr #16" : "+r"(y));
  return y;
}

static inline int32_t nk_linear_s16(int32_t y) {
  __asm__("ssat %0, #16, %0, asr #14" : "+r"(y));
  return y;
}

static inline int32_t nk_rescale_high(int32_t x, int32_t multiplier) {
  int32_t y;
  __asm__("smmulr %0, %1, %2" : "=r"(y) : "r"(x), "r"(multiplier));
  return y;
}

#else

static inline int32_t nk_linear_low(int32_t multiplier, uint32_t x, int32_t addend) {
  return (int32_t)(((int64_t)multiplier * (int16_t)(x & 0xFFFFU)) >> 16) + addend;
}

static inline int32_t nk_linear_high(int32_t multiplier, uint32_t x, int32_t addend) {
  return nk_linear_low(multiplier, x >> 16, addend);
}

static inline int32_t nk_linear_s8(int32_t y) { return nk_clamp(y >> 16, INT8_MIN, INT8_MAX); }

static inline int32_t nk_linear_s16(int32_t y) { return nk_clamp(y >> 14, INT16_MIN, INT16_MAX); }

static inline int32_t nk_rescale_high(int32_t x, int32_t multiplier) {
  return (int32_t)(((int64_t)x * multiplier + (INT64_C(1) << 31)) >> 32);
}

#endif

/* Elements are shifted to the left by `left`, products to the right by `right`; `addend` holds one half and
   the zero point. */
static inline int32_t nk_rescale_twice(int32_t x, const nk_rescale_dsp_args *a) {
  const int32_t once = nk_rescale_high(x * (1 << a->left), a->multiplier);
  const int32_t twice = a->right > 0 ? (once + (once >> 31) + a->addend) >> a->right : once + a->addend;
  return nk_clamp(twice, a->low, a->high);
}

/* Four elements at a time: loads follow loads. */
#define NK_RESCALE_TWICE(name, type)                                                     \
  static inline void name(const int16_t *x, type *y, const nk_rescale_dsp_args *a) {     \
    for (int32_t i = a->count >> 2; i > 0; i--, x += 4, y += 4) {                        \
      const int32_t x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];                          \
      y[0] = (type)nk_rescale_twice(x0, a);                                              \
      y[1] = (type)nk_rescale_twice(x1, a);                                              \
      y[2] = (type)nk_rescale_twice(x2, a);                                              \
      y[3] = (type)nk_rescale_twice(x3, a);                                              \
    }                                                                                    \
    for (int32_t i = 0; i < (a->count & 3); i++) y[i] = (type)nk_rescale_twice(x[i], a); \
  }

#endif
