/* Adds pixels to the sums of their channels, int8. With the DSP extension four channels at a time are added
   in halfwords, which hold the sums of 255 pixels. */
#include "nk_bytes_s8.h"
#include "nk_kernels.h"

static inline void nk_row_sums_four(const int8_t *x, int32_t *sums, int32_t pixels, int32_t channels) {
  const nk_sums4 none = {0, 0};
  const nk_sums4 some = nk_add_pixels(none, x, channels, pixels);
  sums[0] += (int16_t)some.even;
  sums[1] += (int16_t)some.odd;
  sums[2] += (int32_t)some.even >> 16;
  sums[3] += (int32_t)some.odd >> 16;
}

static inline void nk_row_sums_one(const int8_t *x, int32_t *sum, int32_t pixels, int32_t channels) {
  int32_t total = *sum;
  for (; pixels > 0; pixels--, x += channels) total += *x;
  *sum = total;
}

NK_KERNEL void nk_row_sums_s8(const int8_t *x, int32_t *sums, const nk_row_sums_args *a) {
  const int32_t channels = a->channels;
#if defined(__ARM_FEATURE_DSP) || !defined(__arm__)
  const int32_t fours = channels & ~3;
#else
  const int32_t fours = 0;
#endif
  if (a->first) memset(sums, 0, (size_t)channels * sizeof *sums);
  for (int32_t left = a->pixels; left > 0; left -= 255, x += 255 * channels) {
    const int32_t pixels = nk_min(left, 255);
    for (int32_t c = 0; c < fours; c += 4) nk_row_sums_four(x + c, sums + c, pixels, channels);
    for (int32_t c = fours; c < channels; c++) nk_row_sums_one(x + c, sums + c, pixels, channels);
  }
}
