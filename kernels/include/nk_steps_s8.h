/* Accumulators to stored int8 values in 32-bit arithmetic: the twin of src/netsuke/ops/staircase.py, which
   finds the constants and proves that they give TFLite's values. */
#ifndef NK_STEPS_S8_H
#define NK_STEPS_S8_H

#include "nk_fixed_point.h"

/* Of a channel: {bias less base, top, high, low, addend}, and where TFLite's rounding is not the same on both
   sides of zero {place of zero, addend from there on}: then a row of the table has more than NK_STEPS_EVEN
   words. */
#define NK_STEPS_EVEN 5

/* a within 0..top; few accumulators of a layer are outside on one side, and one comparison finds both. */
static inline uint32_t nk_step_place(uint32_t place, uint32_t top) {
  if (place <= top) return place;
  return place >> 31 ? 0 : top;
}

static inline uint32_t nk_step_value(uint32_t place, const int32_t *scale, uint32_t addend, int32_t shift) {
  const uint32_t a = nk_step_place(place, (uint32_t)scale[1]);
  return (a * (uint32_t)scale[2] + ((a * (uint32_t)scale[3]) >> shift) + addend) >> 24;
}

static inline uint32_t nk_step_addend(uint32_t place, const int32_t *scale) {
  return (uint32_t)((int32_t)place < scale[5] ? scale[4] : scale[6]);
}

/* The stored value: the lowest one, which the addends hold in their upper byte, and the steps above it. As a
   byte of two's complement; what is above the byte is 0. */
static inline uint32_t nk_step(int32_t sum, const int32_t *scale, int32_t stride, int32_t shift) {
  const uint32_t place = (uint32_t)sum + (uint32_t)scale[0];
  const uint32_t addend = stride > NK_STEPS_EVEN ? nk_step_addend(place, scale) : (uint32_t)scale[4];
  return nk_step_value(place, scale, addend, shift);
}

/* The same for three sums of a channel, in their place. */
static inline void nk_step3(uint32_t sums[3], const int32_t *scale, int32_t stride, int32_t shift) {
  const uint32_t p0 = sums[0] + (uint32_t)scale[0], p1 = sums[1] + (uint32_t)scale[0];
  const uint32_t p2 = sums[2] + (uint32_t)scale[0];
  uint32_t a0 = (uint32_t)scale[4], a1 = a0, a2 = a0;
  if (stride > NK_STEPS_EVEN) {
    a0 = nk_step_addend(p0, scale), a1 = nk_step_addend(p1, scale), a2 = nk_step_addend(p2, scale);
  }
  sums[0] = nk_step_value(p0, scale, a0, shift);
  sums[1] = nk_step_value(p1, scale, a1, shift);
  sums[2] = nk_step_value(p2, scale, a2, shift);
}

#endif
