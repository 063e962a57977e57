/* Three numbers in two words, a + c * 2^21 and b + c * 2^11, and the way back: see nk_triples_s8.h. */
#ifndef NK_TRIPLE_PARTS_H
#define NK_TRIPLE_PARTS_H

#include <stdint.h>

/* Parts words whose numbers lie within -2^20..2^20 - 1. */
static inline void nk_part_triple(uint32_t first, uint32_t second, uint32_t sums[3]) {
  sums[0] = (uint32_t)((int32_t)(first << 11) >> 11);
  const uint32_t c = first - sums[0];
  const uint32_t rest = second - (c >> 10);
  sums[1] = (uint32_t)((int32_t)(rest << 10) >> 10);
  sums[2] = (uint32_t)((int32_t)(rest - sums[1]) >> 11) + (c >> 21);
}

/* n triples from numbers `step_..` apart. */
static inline void nk_pack_triples(const int8_t *a, const int8_t *b, const int8_t *c, int32_t step_a,
                                   int32_t step_b, int32_t step_c, int32_t n, uint32_t *to) {
  for (; n > 0; n--, a += step_a, b += step_b, c += step_c) {
    const uint32_t third = (uint32_t)*c;
    *to++ = (uint32_t)*a + (third << 21);
    *to++ = (uint32_t)*b + (third << 11);
  }
}

#endif
