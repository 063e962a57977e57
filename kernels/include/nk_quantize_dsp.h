/* QUANTIZE of float32 for cores with the DSP extension and an FPU: x / scale as a fused product with the
   reciprocal in two parts, 256 times as large, which is proved at build time to cross every step where the
   quotient does (src/netsuke/ops/quantize_dsp.py). VCVT cuts off towards zero, so that halves can be rounded
   away from it in integers. Four elements at a time; where one is not a number, as the definition has it. */
#ifndef NK_QUANTIZE_DSP_H
#define NK_QUANTIZE_DSP_H

#include "nk_args.h"
#include "nk_elementwise.h"

static inline int32_t nk_quantize_by_division(float x, const nk_quantize_f32_dsp_args *a) {
  const nk_quantize_f32_args whole = {
      .count = 1, .scale = a->scale, .zero_point = a->zero_point, .low = a->low, .high = a->high};
  return nk_quantize_element(x, &whole);
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && defined(__ARM_FP) && defined(__ARM_FEATURE_FMA)

/* Not for a NaN. `addend`: 256 times the zero point, and one half. */
#define NK_QUANTIZE_FAST(name, bits)                                                                  \
  static inline int32_t name(float x, float high, float low, int32_t addend) {                        \
    float q = __builtin_fmaf(x, high, x * low);                                                       \
    int32_t y;                                                                                        \
    __asm__("vcvt.s32.f32 %0, %0" : "+t"(q));                                                         \
    __asm__("vmov %0, %1\n ssat %0, #26, %0\n add %0, %0, %0, asr #31\n add %0, %2\n ssat %0, #" bits \
            ", %0, asr #8"                                                                            \
            : "=&r"(y)                                                                                \
            : "t"(q), "r"(addend));                                                                   \
    return y;                                                                                         \
  }

#define NK_QUANTIZE_FOURS(name, type, bits)                                                \
  NK_QUANTIZE_FAST(name##_fast, bits)                                                      \
  static inline void name(const float *x, type *y, const nk_quantize_f32_dsp_args *a) {    \
    const float high = a->reciprocal, low = a->rest;                                       \
    const int32_t addend = a->addend;                                                      \
    for (int32_t i = 0; i < (a->count & ~3); i += 4) {                                     \
      const float x0 = x[i], x1 = x[i + 1], x2 = x[i + 2], x3 = x[i + 3];                  \
      const float sum = (x0 + x1) + (x2 + x3);                                             \
      if (sum != sum) {                                                                    \
        for (int32_t k = i; k < i + 4; k++) y[k] = (type)nk_quantize_by_division(x[k], a); \
        continue;                                                                          \
      }                                                                                    \
      y[i] = (type)name##_fast(x0, high, low, addend);                                     \
      y[i + 1] = (type)name##_fast(x1, high, low, addend);                                 \
      y[i + 2] = (type)name##_fast(x2, high, low, addend);                                 \
      y[i + 3] = (type)name##_fast(x3, high, low, addend);                                 \
    }                                                                                      \
  }

#else

#define NK_QUANTIZE_FOURS(name, type, bits)                                                      \
  static inline void name(const float *x, type *y, const nk_quantize_f32_dsp_args *a) {          \
    for (int32_t i = 0; i < (a->count & ~3); i++) y[i] = (type)nk_quantize_by_division(x[i], a); \
  }

#endif

#endif
