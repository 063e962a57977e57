/* Convolution of three pixels at a time on cores without SIMD: two 32-bit multiplications make three
   products. The inputs a, b, c of three pixels share two words, a + c * 2^21 and b + c * 2^11. Multiplied by
   weights and summed modulo 2^32, the words hold A + C * 2^21 and B + C * 2^11. As long as the sums are below
   2^20, A can be read from the low 21 bits of the first, which leaves the low 11 bits of C; those taken off
   the second leave B in 22 bits and the rest of C above it. A word of weights serves one input and four
   channels, the first in the lowest byte. */
#ifndef NK_TRIPLES_S8_H
#define NK_TRIPLES_S8_H

#include "nk_args.h"
#include "nk_dot_triples_s8.h"
#include "nk_steps_s8.h"
#include "nk_triple_parts.h"

/* `whole` pixels of all channels from the columns. The columns are cut where sums could grow too large. */
static inline void nk_triples_store(const uint32_t *columns, const int32_t *w, const int32_t *scales,
                                    int8_t *y, int32_t whole, const nk_triples_args *a) {
  const int32_t depth = a->depth, cut = a->cut, channels = a->channels, shift = a->shift;
  const int32_t stride = a->stride;
  /* A pixel that is not there is written first, in the place of one that is. */
  const int32_t second = whole > 1 ? channels : 0, third = whole > 2 ? 2 * channels : 0;
  for (int32_t left = channels; left > 0; left -= NK_TRIPLE_CHANNELS, w += NK_TRIPLE_CHANNELS / 4 * depth) {
    uint32_t sums[3 * NK_TRIPLE_CHANNELS];
    uint32_t words[2 * NK_TRIPLE_CHANNELS];
    const int32_t lanes = nk_min(left, NK_TRIPLE_CHANNELS);
    for (int32_t k = 0; k < depth; k += cut) {
      const int32_t n = nk_min(cut, depth - k);
      nk_dot_triples(columns + 2 * k, w + k, n, depth, lanes, words);
      const uint32_t *t = words;
      uint32_t *before = sums;
      for (int32_t i = 0; i < lanes; i++, t += 2, before += 3) {
        uint32_t v[3];
        nk_part_triple(t[0], t[1], v);
        if (k > 0) v[0] += before[0], v[1] += before[1], v[2] += before[2];
        if (k + n < depth) {
          before[0] = v[0], before[1] = v[1], before[2] = v[2];
          continue;
        }
        nk_step3(v, scales, stride, shift);
        scales += stride;
        y[third] = (int8_t)v[2];
        y[second] = (int8_t)v[1];
        *y++ = (int8_t)v[0];
      }
    }
  }
}

#endif
