/* MAX_POOL_2D, int8, for cores with Helium: 16 channels at a time. Padding does not take part. */
#include "nk_kernels.h"
#include "nk_mve_sums_s8.h"

NK_KERNEL void nk_max_pool_2d_s8_mve(const int8_t *x, int8_t *y, const nk_pool_2d_args *a) {
  const int32_t line = a->in_w * a->channels;
  int8_t *const start = y;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t top = nk_max(row0, 0);
    const int32_t rows = nk_min(row0 + a->kernel_h, a->in_h) - top;
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->channels) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t left = nk_max(col0, 0);
      const int32_t columns = nk_min(col0 + a->kernel_w, a->in_w) - left;
      const nk_mve_pixels p = nk_mve_rectangle(rows, columns, a->in_w, a->channels);
      const int8_t *const from = x + top * line + left * a->channels;
      for (int32_t c = 0; c < a->channels; c += 16) {
        nk_mve_max_pixels(from + c, y + c, &p, nk_min(a->channels - c, 16));
      }
    }
  }
  if (a->clamp_low > INT8_MIN || a->clamp_high < INT8_MAX) {
    nk_mve_clamp(start, (int32_t)(y - start), a->clamp_low, a->clamp_high);
  }
}
