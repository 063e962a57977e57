/* AVERAGE_POOL_2D, int8: rounded to nearest, halves away from zero; padding does not count. */
#include "nk_kernels.h"

/* sum / taps, rounded to nearest, by the reciprocal floor(2^24 / taps): |sum| <= 128 * taps keeps the product
   in 32 bits and its error below 1, which one comparison mends. */
static inline int32_t nk_average_s8(int32_t sum, uint32_t taps, uint32_t reciprocal) {
  const uint32_t size = (uint32_t)(sum < 0 ? -sum : sum) + taps / 2U;
  uint32_t quotient = (size * reciprocal) >> 24;
  quotient += size - quotient * taps >= taps ? 1U : 0U;
  return sum < 0 ? -(int32_t)quotient : (int32_t)quotient;
}

NK_KERNEL void nk_average_pool_2d_s8(const int8_t *x, int8_t *y, const nk_pool_2d_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t row_first = nk_max(row0, 0);
    const int32_t row_end = nk_min(row0 + a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t col_first = nk_max(col0, 0);
      const int32_t col_end = nk_min(col0 + a->kernel_w, a->in_w);
      const int32_t taps = (row_end - row_first) * (col_end - col_first);
      const uint32_t reciprocal = (UINT32_C(1) << 24) / (uint32_t)taps;
      for (int32_t c = 0; c < a->channels; c++) {
        int32_t sum = 0;
        for (int32_t row = row_first; row < row_end; row++) {
          const int8_t *line = x + row * a->in_w * a->channels + c;
          for (int32_t col = col_first; col < col_end; col++) {
            sum += line[col * a->channels];
          }
        }
        const int32_t average = nk_average_s8(sum, (uint32_t)taps, reciprocal);
        *y++ = (int8_t)nk_clamp(average, a->clamp_low, a->clamp_high);
      }
    }
  }
}
