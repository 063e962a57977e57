/* x to the power of y in float32, by way of double precision. The Python twin is pow_f32 in
   src/netsuke/ops/float_functions.py. */
#ifndef NK_POWER_H
#define NK_POWER_H

#include "nk_float_functions.h"

/* log of a positive float in double, within 1e-11. */
static inline double nk_log_wide(float x) {
  const double wide = (double)x;
  uint64_t bits;
  memcpy(&bits, &wide, sizeof bits);
  bits -= 0x3FE6A09E667F3BCDULL; /* the square root of one half */
  const double k = (double)(int32_t)((int64_t)bits >> 52);
  bits = (bits & 0x000FFFFFFFFFFFFFULL) + 0x3FE6A09E667F3BCDULL;
  double m;
  memcpy(&m, &bits, sizeof m);
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double p = 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  return k * 0.6931471805599453 + (2.0 * s + 2.0 * s * z * p);
}

/* exp in double, rounded to float. */
static inline float nk_exp_wide(double x) {
  const double bounded = x < -110.0 ? -110.0 : (x > 90.0 ? 90.0 : x);
  const double moved = bounded * (1.0 / 0.6931471805599453) + 0.5;
  const int32_t cut = (int32_t)moved;
  const int32_t n = (double)cut > moved ? cut - 1 : cut;
  const double r = bounded - (double)n * 0.6931471805599453;
  double p = 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const uint64_t bits = (uint64_t)(n + 1023) << 52;
  double scale;
  memcpy(&scale, &bits, sizeof scale);
  return (float)(p * scale);
}

/* Of a size and a y that is not 0; neither is a NaN. */
static inline float nk_power_of_size(float size, float y) {
  if (size == 0.0F) {
    return y > 0.0F ? 0.0F : NK_INFINITY;
  }
  if (size == NK_INFINITY) {
    return y > 0.0F ? NK_INFINITY : 0.0F;
  }
  if (nk_absf(y) == NK_INFINITY) {
    return size == 1.0F ? 1.0F : ((size > 1.0F) == (y > 0.0F) ? NK_INFINITY : 0.0F);
  }
  return nk_exp_wide((double)y * nk_log_wide(size));
}

static inline float nk_powf(float x, float y) {
  if (y == 0.0F || x == 1.0F) {
    return 1.0F;
  }
  if (x != x || y != y) {
    return NK_NAN;
  }
  const int whole = nk_floorf(y) == y;
  if (x < 0.0F && !whole && x != -NK_INFINITY) {
    return NK_NAN;
  }
  const float size = nk_absf(x);
  const float r = nk_power_of_size(size, y);
  const int odd = whole && nk_absf(y) < 0x1p24F && nk_floorf(y * 0.5F) != y * 0.5F;
  return odd && nk_bits_of_f32(x) >> 31 ? -r : r;
}

#endif
