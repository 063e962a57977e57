/* Accumulators to stored int8 values in 32-bit arithmetic: the twin of src/netsuke/ops/staircase.py, which finds the
   constants and proves that they give TFLite's values. */
#ifndef NK_STEPS_S8_H
#define NK_STEPS_S8_H

#include "nk_fixed_point.h"

/* Of a channel: {bias less base, top, high, low, addend}, and where TFLite's rounding is not the same on both sides of
   zero {place of zero, addend from there on}. */
#define NK_STEPS_EVEN 5

static inline uint32_t nk_step(int32_t sum, const int32_t *scale, int32_t even, int32_t shift) {
  const int32_t place = (int32_t)((uint32_t)sum + (uint32_t)scale[0]);
  const uint32_t a = (uint32_t)nk_min(place & ~(place >> 31), scale[1]);
  const uint32_t addend = (uint32_t)(even || place < scale[5] ? scale[4] : scale[6]);
  return (a * (uint32_t)scale[2] + ((a * (uint32_t)scale[3]) >> shift) + addend) >> 24;
}

#endif
