/* Accumulators of layers with packed weights to stored int8 values by one 32-bit product: the twin of
   src/netsuke/ops/packed_lines.py, which finds the constants and proves that they give TFLite's values. */
#ifndef NK_LINE_S8_H
#define NK_LINE_S8_H

#include "nk_steps_s8.h"

/* Of a channel: {bias less base, top, slope, addend}, and where TFLite's rounding is not the same on both
   sides of zero {place of zero, addend from there on}. Tables with rows of five or seven words are those of
   nk_steps_s8.h. */
#define NK_LINE 4
#define NK_LINES 6

/* Most sums are within: what is outside is led out of the way, where the compiler can be told. */
#if defined(__GNUC__)
#define NK_SELDOM(condition) __builtin_expect(condition, 0)
#else
#define NK_SELDOM(condition) (condition)
#endif

/* The stored value of a sum with its bias less base, as a byte of two's complement. */
static inline uint32_t nk_line_value(uint32_t place, const int32_t *scale, int32_t stride) {
  const int32_t addend = stride == NK_LINE || (int32_t)place < scale[4] ? scale[3] : scale[5];
  if (NK_SELDOM(place > (uint32_t)scale[1])) place = place >> 31 ? 0 : (uint32_t)scale[1];
  return (place * (uint32_t)scale[2] + (uint32_t)addend) >> 24;
}

#endif
