/* Two channels in a halfword: int8 products on cores with the DSP extension for fewer instructions.

   A word of weights holds two channels, a and b, for two inputs, k and l: its halfwords are a_k + 256 b_k and
   a_l + 256 b_l. SXTB16 leaves the pair (a_k, a_l), and the word as it is serves as a pair too:

     SMLAD(sxtb16(word), x, A) sums A = sum a x,
     SMLAD(word, x, P)         sums P = A + 256 sum b x, modulo 2^32.

   So one load, one SXTB16 and two SMLADs make four products, and P - A is 256 times the second channel's sum:
   exactly, because ops/duo.py has proved for the very weights that 256 times that sum fits 32 bits, and that
   every pair fits its halfword. Nothing is shifted back: the requantisation's constants are those of sums
   that come multiplied by 256 (ops/high_multiply.py). */
#ifndef NK_DUO_S8_H
#define NK_DUO_S8_H

#include "nk_pairs_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Products of a word of weights with a pair of inputs; w is left with the first channel only. */
#define NK_DUO_ONE(w, first, both, x) \
  "smlad " both ", " w ", " x ", " both "\n sxtb16 " w ", " w "\n smlad " first ", " w ", " x ", " first "\n"

#else

/* sums[0] is A, sums[1] is P. */
static inline void nk_duo_one(int32_t sums[2], uint32_t word, uint32_t x) {
  sums[0] = nk_smlad(nk_pairs_02(word), x, sums[0]);
  sums[1] = nk_smlad(word, x, sums[1]);
}

/* 256 times the second channel's sum. */
static inline int32_t nk_duo_second(const int32_t sums[2]) {
  return (int32_t)((uint32_t)sums[1] - (uint32_t)sums[0]);
}

#endif

#endif
