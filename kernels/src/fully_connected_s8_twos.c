/* FULLY_CONNECTED, int8: two channels at a time in pieces whose sums fit half a word (nk_twos_s8.h). */
#include "nk_kernels.h"
#include "nk_twos_s8.h"

NK_KERNEL void nk_fully_connected_s8_twos(const int8_t *x, const uint32_t *w, const uint32_t *starts,
                                          const int32_t *cuts, const int32_t *scales, const uint16_t *places,
                                          int8_t *y, const nk_twos_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    uint32_t sums[2 * NK_TWOS_WORDS];
    nk_twos_run run = {x, x + a->depth, w, starts, cuts, a->zero, sums};
    const int32_t *scale = scales;
    const uint16_t *place = places;
    for (int32_t block = 0; block < a->blocks; block++) {
      if (a->skips) {
        nk_twos_skipping(&run);
      } else {
        nk_twos_all(&run);
      }
      for (int32_t i = 0; i < 2 * NK_TWOS_WORDS; i += 2, scale += 8, place += 2) {
        const uint32_t upper = sums[i + 1], lower = sums[i] - (upper << 16);
        y[place[0]] = nk_twos_value(lower, scale, a);
        y[place[1]] = nk_twos_value(upper, scale + 4, a);
      }
    }
  }
}
