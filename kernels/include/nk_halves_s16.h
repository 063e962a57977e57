/* What the int16 kernels for the DSP extension are made of, in C: the twins of their assembly.

   An accumulator of LiteRT's int16 kernels is multiplied by 16 bits and shifted, rounded once. With the
   16-bit multiplier moved to where the shift is by 32, that is SMMULR. */
#ifndef NK_HALVES_S16_H
#define NK_HALVES_S16_H

#include <stdint.h>
#include <string.h>

/* acc + x * w modulo 2^32: half a SMLAD. */
static inline int32_t nk_smlad_s16(int32_t x, int32_t w, int32_t acc) {
  return (int32_t)((uint32_t)acc + (uint32_t)(x * w));
}

static inline int16_t nk_saturated_s16(int32_t value, int32_t low) {
  return (int16_t)(value < low ? low : value > INT16_MAX ? INT16_MAX : value);
}

/* A sum of more than 32 bits, saturated to them. */
static inline int32_t nk_saturated_sum_s16(int64_t sum) {
  return (int32_t)(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
}

/* SMMULR, then SSAT (low = INT16_MIN) or USAT (low = 0). */
static inline int16_t nk_scaled_s16(int32_t acc, int32_t multiplier, int32_t low) {
  return nk_saturated_s16((int32_t)(((int64_t)acc * multiplier + (INT64_C(1) << 31)) >> 32), low);
}

/* TFLite's two roundings of 32-bit sums. `scale`: twice the multiplier less 2^32, half of the shift, the
 * shift. */
static inline int16_t nk_scaled_twice_s16(int32_t acc, const int32_t *scale) {
  const int64_t wide = (int64_t)acc * scale[0] + ((int64_t)acc * (INT64_C(1) << 32)) + (INT64_C(1) << 31);
  const int32_t value = (int32_t)(wide >> 32);
  return nk_saturated_s16((value + (value >> 31) + scale[1]) >> scale[2], INT16_MIN);
}

/* (acc * (scale[1] * 2^32 + scale[0]) + 2^63) >> 64, the product's last word cut off first. */
static inline int16_t nk_scaled_double_s16(int32_t acc, const int32_t *scale) {
  const int64_t low = ((int64_t)acc * scale[0]) >> 32;
  return nk_saturated_s16((int32_t)(((int64_t)acc * scale[1] + low + (INT64_C(1) << 31)) >> 32), INT16_MIN);
}

#endif
