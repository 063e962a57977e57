/* Adds pixels to the sums of their channels, int8. */
#include "nk_kernels.h"

NK_KERNEL void nk_row_sums_s8(const int8_t *x, int32_t *sums, const nk_row_sums_args *a) {
  const int32_t channels = a->channels;
  for (int32_t c = 0; c < channels; c++) {
    int32_t sum = a->first ? 0 : sums[c];
    const int8_t *p = x + c;
    for (int32_t i = a->pixels; i > 0; i--, p += channels) sum += *p;
    sums[c] = sum;
  }
}
