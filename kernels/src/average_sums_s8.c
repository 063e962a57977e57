/* AVERAGE_POOL_2D of a whole int8 image from its channels' sums: to nearest, halves away from zero. */
#include "nk_kernels.h"

NK_KERNEL void nk_average_sums_s8(const int32_t *sums, int8_t *y, const nk_average_sums_args *a) {
  const int32_t taps = a->taps, half = a->taps / 2;
  for (int32_t c = a->channels; c > 0; c--) {
    const int32_t sum = *sums++;
    const int32_t average = (sum < 0 ? sum - half : sum + half) / taps;
    *y++ = (int8_t)nk_clamp(average, a->low, a->high);
  }
}
