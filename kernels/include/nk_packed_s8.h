/* Weights of four or two bits, packed. A word holds the same four inputs' weights of two, four ... channels
   in turn: byte i of `word << k * bits`, its low bits masked away, is input i's weight of the channel (or
   group) number k, as a signed byte that is 16 or 64 times as large. Sums are shifted back at the end, which
   is exact. */
#ifndef NK_PACKED_S8_H
#define NK_PACKED_S8_H

#include "nk_pairs_s8.h"

/* Masks of the high four, and the high two, bits of every byte; and by how much sums are too large. */
#define NK_PACKED_MASK(bits) ((bits) == 4 ? 0xF0F0F0F0U : 0xC0C0C0C0U)
#define NK_PACKED_SHIFT(bits) (8 - (bits))

static inline uint32_t nk_packed_field(uint32_t word, int32_t field, int32_t bits) {
  return (word << (uint32_t)(field * bits)) & NK_PACKED_MASK(bits);
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define NK_PACKED_FIELDS_4(a, b, from) \
  "and " a ", " from ", #0xF0F0F0F0\n lsl " b ", " from ", #4\n and " b ", " b ", #0xF0F0F0F0\n"
#define NK_PACKED_FIELD_2(to, from, shift) \
  "lsl " to ", " from ", #" shift "\n and " to ", " to ", #0xC0C0C0C0\n"
#endif

#endif
