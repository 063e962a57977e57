/* Sums to stored int8 values by the upper half of one product: the twin of src/netsuke/ops/high_steps.py,
   which finds the constants and proves that they give TFLite's values.

   A sum comes with its bias and an offset added, so that it is never negative. A channel's constants are
   {multiplier, addend}, and where its steps are not even about zero also {place of zero, addend from there
   on}. */
#ifndef NK_HIGH_STEPS_S8_H
#define NK_HIGH_STEPS_S8_H

#include <stdint.h>

/* v within 0..top, counted from the lowest stored value, `shift` bits above it. */
static inline uint32_t nk_high_value(uint32_t place, uint32_t multiplier, uint32_t addend, uint32_t top) {
  const uint32_t v = (uint32_t)(((uint64_t)place * multiplier) >> 32) + addend;
  if (v <= top) return v;
  return v >> 31 ? 0 : top;
}

/* The addend of a place, where there are two. */
static inline uint32_t nk_high_addend(uint32_t place, const int32_t *scale) {
  return (uint32_t)(place < (uint32_t)scale[2] ? scale[1] : scale[3]);
}

/* Of one sum the stored value, as a byte of two's complement in the lowest bits; a channel has `stride`
 * constants. */
static inline uint32_t nk_high_step(uint32_t place, const int32_t *scale, int32_t stride, int32_t up,
                                    int32_t shift, uint32_t top, uint32_t lowest) {
  const uint32_t addend = stride > 2 ? nk_high_addend(place, scale) : (uint32_t)scale[1];
  return (nk_high_value(place << up, (uint32_t)scale[0], addend, top) >> shift) + lowest;
}

/* The stored value of a place that is shifted up already, by a channel's constants {multiplier, addend,
   floor}: below the floor it is the lowest one, which the addend holds, so that nothing needs a clip there.
 */
static inline int32_t nk_high_floor(uint32_t place, const int32_t *scale, int32_t shift, int32_t top,
                                    int32_t lowest) {
  if (place < (uint32_t)scale[2]) return lowest;
  const int32_t v = (int32_t)((uint32_t)(((uint64_t)place * (uint32_t)scale[0]) >> 32) + (uint32_t)scale[1]);
  return (v < top ? v : top) >> shift;
}

/* The same for a place that may be negative, by MULHSU. */
static inline int32_t nk_high_floor_signed(int32_t place, const int32_t *scale, int32_t shift, int32_t top,
                                           int32_t lowest) {
  if (place < scale[2]) return lowest;
  const int32_t v = (int32_t)((uint32_t)(((int64_t)place * (int64_t)(uint64_t)(uint32_t)scale[0]) >> 32) +
                              (uint32_t)scale[1]);
  return (v < top ? v : top) >> shift;
}

/* The same as nk_high_step for a sum whose bias and offset are the first of its channel's constants. */
static inline uint32_t nk_high_started(int32_t sum, const int32_t *scale, int32_t stride, int32_t up,
                                       int32_t shift, uint32_t top, uint32_t lowest) {
  return nk_high_step((uint32_t)sum + (uint32_t)scale[0], scale + 1, stride - 1, up, shift, top, lowest);
}

#endif
