/* DEPTHWISE_CONV_2D over the whole height of an int8 image, row by row: adds products to sums. Behind the
   sums stands the number of rows that have come. Zero points are in the bias (nk_scaled_sums_s8). */
#include "nk_kernels.h"

/* Products first: bytes may be anywhere, so that compilers read none of them again behind a sum that was
   written. */
static inline void nk_depthwise_sums_pixel(const int8_t *x, const int8_t *w, int32_t *sums,
                                           int32_t channels) {
  for (; channels >= 4; channels -= 4, x += 4, w += 4, sums += 4) {
    const int32_t a = x[0] * w[0], b = x[1] * w[1], c = x[2] * w[2], d = x[3] * w[3];
    const int32_t e = sums[0] + a, f = sums[1] + b, g = sums[2] + c, h = sums[3] + d;
    sums[0] = e;
    sums[1] = f;
    sums[2] = g;
    sums[3] = h;
  }
  for (; channels > 0; channels--) *sums++ += *x++ * *w++;
}

NK_KERNEL void nk_depthwise_sums_s8(const int8_t *x, const int8_t *w, int32_t *sums,
                                    const nk_depthwise_sums_args *a) {
  const int32_t channels = a->channels;
  const int32_t weights = a->apart ? 0 : channels;
  const int32_t moved = a->apart ? channels : 0;
  int32_t *const come = sums + a->sums;
  if (a->first) memset(sums, 0, ((size_t)a->sums + 1) * sizeof *sums);
  for (int32_t row = 0; row < a->rows; row++, (*come)++) {
    const int8_t *v = w + *come * (a->apart ? 1 : a->pixels) * channels;
    int32_t *to = sums;
    for (int32_t p = 0; p < a->pixels; p++, x += channels, v += weights, to += moved)
      nk_depthwise_sums_pixel(x, v, to, channels);
  }
}
