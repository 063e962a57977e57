/* float32 functions without a C library: the same operations in the same order on every IEEE core.
   Build with -ffp-contract=off. The Python twin is src/netsuke/ops/float_math.py; tests hold the two
   together. */
#ifndef NK_FLOAT_MATH_H
#define NK_FLOAT_MATH_H

#include <stdint.h>
#include <string.h>

static inline uint32_t nk_bits_of_f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float nk_f32_of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* min(max(x, low), high): a NaN and a zero's sign pass through. */
static inline float nk_clampf(float x, float low, float high) {
  return x < low ? low : (high < x ? high : x);
}

/* a / b for 1 <= b < 2^40. Soft-float run-time libraries round quotients below 2^-126 in different ways, so
   that a small a is divided at 2^64 times its size and taken back: the same on every core, at most 1 ulp off
   down there. */
static inline float nk_divf(float a, float b) {
  const float size = nk_f32_of_bits(nk_bits_of_f32(a) & 0x7FFFFFFFU);
  return size < 0x1p-60F ? a * 0x1p64F / b * 0x1p-64F : a / b;
}

/* e to the power of x within 1 ulp. x = n ln 2 + r with |r| <= ln(2) / 2; exp(r) is a polynomial. 2^n is
   applied in two halves, so that results below the smallest normal number are rounded once. */
static inline float nk_expf(float x) {
  const float bounded = x < -104.0F ? -104.0F : (x > 89.0F ? 89.0F : x);
  const float shifted = bounded * 1.44269502F + 12582912.0F; /* the whole number n ends up in the low bits */
  const float n = shifted - 12582912.0F;
  const float r = (bounded - n * 0.693145752F) - n * 1.42860677e-06F;
  float p = 0.00139507244F;
  p = p * r + 0.00836902484F;
  p = p * r + 0.0416662022F;
  p = p * r + 0.166665182F;
  p = p * r + 0.5F;
  const float result = 1.0F + (r + r * r * p);
  const int32_t k = (int32_t)(nk_bits_of_f32(shifted) - 0x4B400000U);
  const int32_t half = k >> 1;
  const float scale_0 = nk_f32_of_bits((uint32_t)(half + 127) << 23);
  const float scale_1 = nk_f32_of_bits((uint32_t)(k - half + 127) << 23);
  return result * scale_0 * scale_1;
}

/* Hyperbolic tangent within 2 ulp: a polynomial near 0, else by way of exp; then the sign of x. */
static inline float nk_tanhf(float x) {
  const uint32_t sign = nk_bits_of_f32(x) & 0x80000000U;
  const float size = nk_f32_of_bits(nk_bits_of_f32(x) ^ sign);
  float y = 1.0F;
  if (size < 0.625F) {
    const float z = size * size;
    float p = -0.00552862463F;
    p = p * z + 0.0204833057F;
    p = p * z + -0.0536929630F;
    p = p * z + 0.133308992F;
    p = p * z + -0.333332628F;
    y = size + size * z * p;
  } else if (!(size >= 9.01F)) {
    y = 1.0F - 2.0F / (nk_expf(size + size) + 1.0F);
  }
  return nk_f32_of_bits(nk_bits_of_f32(y) | sign);
}

/* 1 / (1 + exp(-x)), in the three pieces of TFLite's reference kernel. */
static inline float nk_logisticf(float x) {
  if (x > 16.619047164916992188F) {
    return 1.0F;
  }
  const float e = nk_expf(x < -9.0F ? x : -x);
  return x < -9.0F ? e : 1.0F / (1.0F + e);
}

#endif
