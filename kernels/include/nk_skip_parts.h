/* Three sums in two words, a + c * 2^21 and b + c * 2^11, none of them negative, and the way back. */
#ifndef NK_SKIP_PARTS_H
#define NK_SKIP_PARTS_H

#include <stdint.h>

/* a and c are below 2^21, b below 2^22. */
static inline void nk_part_skips(uint32_t first, uint32_t second, uint32_t sums[3]) {
  const uint32_t c = first >> 21;
  const uint32_t rest = second - (c << 11);
  sums[0] = first & UINT32_C(0x1FFFFF);
  sums[1] = (rest << 10) >> 10;
  sums[2] = c + ((rest >> 22) << 11);
}

#endif
