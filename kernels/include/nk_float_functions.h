/* More float32 functions without a C library: the same operations in the same order on every IEEE core.
   Build with -ffp-contract=off. The Python twin is src/netsuke/ops/float_functions.py; tests hold the two
   together. What is no number is always the quiet NaN of positive sign. */
#ifndef NK_FLOAT_FUNCTIONS_H
#define NK_FLOAT_FUNCTIONS_H

#include "nk_float_math.h"

#define NK_NAN nk_f32_of_bits(0x7FC00000U)
#define NK_INFINITY nk_f32_of_bits(0x7F800000U)

static inline float nk_quietf(float x) { return x != x ? NK_NAN : x; }

static inline float nk_absf(float x) { return nk_f32_of_bits(nk_bits_of_f32(x) & 0x7FFFFFFFU); }

/* The size of the first with the sign of the second. */
static inline float nk_copysignf(float size, float sign) {
  return nk_f32_of_bits((nk_bits_of_f32(size) & 0x7FFFFFFFU) | (nk_bits_of_f32(sign) & 0x80000000U));
}

/* Square root of a positive finite number, digit by digit: what the FPU gives, for cores that have none. */
static inline float nk_sqrt_digits(float x) {
  const int32_t shift = x < 0x1p-126F ? 24 : 0;
  const uint32_t bits = nk_bits_of_f32(shift != 0 ? x * 0x1p24F : x);
  const int32_t exponent = (int32_t)(bits >> 23) - 127 - shift;
  uint32_t rest = ((bits & 0x007FFFFFU) | 0x00800000U) << (1 + (exponent & 1));
  uint32_t root = 0;
  uint32_t twice = 0;
  for (uint32_t digit = 0x01000000U; digit != 0; digit >>= 1) {
    const uint32_t trial = twice + digit;
    if (trial <= rest) {
      twice = trial + digit;
      rest -= trial;
      root += digit;
    }
    rest <<= 1;
  }
  root += rest != 0 ? root & 1U : 0U;
  const int32_t half = (exponent - (exponent & 1)) / 2;
  return nk_f32_of_bits((root >> 1) + (uint32_t)(half + 126) * 0x00800000U);
}

/* Square root, correctly rounded. */
static inline float nk_sqrtf(float x) {
  if (!(x > 0.0F) || x == NK_INFINITY) {
    return x < 0.0F ? NK_NAN : nk_quietf(x);
  }
#if defined(__ARM_FP) && (__ARM_FP & 4)
  return __builtin_sqrtf(x);
#else
  return nk_sqrt_digits(x);
#endif
}

/* a / b for any numbers; small quotients in two steps, as nk_divf has it. */
static inline float nk_quotientf(float a, float b) {
  const float plain = a / b;
  return nk_quietf(nk_absf(plain) < 0x1p-125F ? a * 0x1p64F / b * 0x1p-64F : plain);
}

static inline float nk_rsqrtf(float x) { return nk_quotientf(1.0F, nk_sqrtf(x)); }

/* Natural logarithm: x = 2^k m with m from sqrt(1/2) to sqrt(2); log m is a series in s = f / (2 + f). */
static inline float nk_logf(float x) {
  if (!(x > 0.0F) || x == NK_INFINITY) {
    return x == 0.0F ? -NK_INFINITY : (x < 0.0F ? NK_NAN : nk_quietf(x));
  }
  const float less = x < 0x1p-126F ? 25.0F : 0.0F;
  const uint32_t bits = nk_bits_of_f32(x < 0x1p-126F ? x * 0x1p25F : x) - 0x3F3504F3U;
  const float k = (float)((int32_t)bits >> 23) - less;
  const float f = nk_f32_of_bits((bits & 0x007FFFFFU) + 0x3F3504F3U) - 1.0F;
  const float s = f / (2.0F + f);
  const float z = s * s;
  const float half = 0.5F * f * f;
  float p = 0.23585173F;
  p = p * z + 0.2853716F;
  p = p * z + 0.40000337F;
  p = p * z + 0.66666663F;
  const float rest = s * (half + z * p) + k * 1.42860677e-06F;
  return k * 0.693145752F - ((half - rest) - f);
}

/* exp(x) - 1; near 0 without the subtraction. */
static inline float nk_expm1f(float x) {
  if (!(nk_absf(x) < 0.34375F)) {
    return nk_expf(x) - 1.0F;
  }
  float p = 0.00139507244F;
  p = p * x + 0.00836902484F;
  p = p * x + 0.0416662022F;
  p = p * x + 0.166665182F;
  p = p * x + 0.5F;
  return x + x * x * p;
}

/* log(1 + t) for 0 <= t <= 1; what 1 + t rounds off is put back. */
static inline float nk_log1p_of_unitf(float t) {
  const float u = 1.0F + t;
  return nk_logf(u) + (t - (u - 1.0F)) / u;
}

static inline float nk_softplusf(float x) {
  return nk_quietf((x > 0.0F ? x : 0.0F) + nk_log1p_of_unitf(nk_expf(-nk_absf(x))));
}

/* erf(x) / x - 1 for |x| < 0.9, z = x^2. */
static inline float nk_erf_series(float z) {
  float p = 8.538841e-05F;
  p = p * z + -0.0008181928F;
  p = p * z + 0.005204436F;
  p = p * z + -0.026860753F;
  p = p * z + 0.112837195F;
  p = p * z + -0.37612635F;
  return p * z + 0.12837917F;
}

/* x without the lower half of its digits: its square is exact. */
static inline float nk_head(float x) { return nk_f32_of_bits(nk_bits_of_f32(x) & 0xFFFFF000U); }

/* exp(first) exp(second) times the series of erfc(x) exp(x^2) in t = 1 / divisor = 1 / (1 + x / 2). */
static inline float nk_erfc_tail(float first, float second, float divisor) {
  const float bell = nk_expf(first) * nk_expf(second);
  const float t = 1.0F / divisor;
  float p = -0.044049546F;
  p = p * t + 0.2383598F;
  p = p * t + -0.4291927F;
  p = p * t + 0.24026491F;
  p = p * t + -0.013348753F;
  p = p * t + 0.200472489F;
  p = p * t + 0.243143544F;
  p = p * t + 0.282410443F;
  p = p * t + 0.282083213F;
  return bell * (t * p);
}

/* 1 - erf(x) for 0.9 <= x <= 10.2. exp(-x^2) is taken in two factors, so that x^2 is not rounded. */
static inline float nk_erfc_of_large(float x) {
  const float head = nk_head(x);
  return nk_erfc_tail(-head * head, (head - x) * (head + x), 1.0F + 0.5F * x);
}

static inline float nk_erff(float x) {
  const float size = nk_absf(x);
  if (x != x) {
    return NK_NAN;
  }
  if (size < 0.9F) {
    return nk_copysignf(size + size * nk_erf_series(size * size), x);
  }
  return nk_copysignf(size >= 4.0F ? 1.0F : 1.0F - nk_erfc_of_large(size), x);
}

static inline float nk_erfcf(float x) {
  const float size = nk_absf(x);
  if (x != x) {
    return NK_NAN;
  }
  if (size < 0.9F) {
    return 1.0F - (x + x * nk_erf_series(size * size));
  }
  const float tail = size >= 10.1F ? 0.0F : nk_erfc_of_large(size);
  return x > 0.0F ? tail : 2.0F - tail;
}

/* erfc(-x / sqrt(2)), twice the share below x. Where it is small its argument is not rounded: exp takes x^2
 * / 2. */
static inline float nk_double_share(float x) {
  const float turned = x * -0.707106769F;
  if (nk_absf(turned) < 0.9F) return 1.0F - (turned + turned * nk_erf_series(turned * turned));
  const float size = nk_absf(x);
  const float head = nk_head(size);
  const float far = size >= 14.28F ? 0.0F
                                   : nk_erfc_tail(-0.5F * head * head, 0.5F * (head - size) * (head + size),
                                                  1.0F + 0.353553385F * size);
  return x < 0.0F ? far : 2.0F - far;
}

static inline float nk_geluf(float x) { return x != x ? NK_NAN : nk_quietf(0.5F * x * nk_double_share(x)); }

static inline float nk_gelu_tanhf(float x) {
  const float inner = 0.797884583F * (x + 0.044715F * (x * x * x));
  return nk_quietf(0.5F * x * (1.0F + nk_tanhf(inner)));
}

static inline float nk_eluf(float x) { return x < 0.0F ? nk_expm1f(x) : x; }

/* Without the digits behind the point; numbers of 2^23 and more have none. */
static inline float nk_truncf(float x) {
  return nk_absf(x) < 0x1p23F ? nk_copysignf((float)(int32_t)x, x) : x;
}

static inline float nk_floorf(float x) {
  const float whole = nk_truncf(x);
  return whole > x ? whole - 1.0F : whole;
}

static inline float nk_ceilf(float x) {
  const float whole = nk_truncf(x);
  return nk_copysignf(whole < x ? whole + 1.0F : whole, x);
}

/* The nearest whole number, halves to the even one: adding 2^23 leaves no digits behind the point. */
static inline float nk_roundf(float x) {
  const float size = nk_absf(x);
  const float moved = size + 0x1p23F;
  return size < 0x1p23F ? nk_copysignf(moved - 0x1p23F, x) : x;
}

static inline float nk_signf(float x) {
  return x > 0.0F ? 1.0F : (x < 0.0F ? -1.0F : (x == 0.0F ? 0.0F : NK_NAN));
}

#endif
