/* MAX_POOL_2D, int16: maximum over the taps inside the image. */
#include "nk_kernels.h"

NK_KERNEL void nk_max_pool_2d_s16(const int16_t *x, int16_t *y, const nk_pool_2d_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t row_first = nk_max(row0, 0);
    const int32_t row_end = nk_min(row0 + a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t col_first = nk_max(col0, 0);
      const int32_t col_end = nk_min(col0 + a->kernel_w, a->in_w);
      for (int32_t c = 0; c < a->channels; c++) {
        int32_t best = INT16_MIN;
        for (int32_t row = row_first; row < row_end; row++) {
          const int16_t *line = x + row * a->in_w * a->channels + c;
          for (int32_t col = col_first; col < col_end; col++) {
            best = nk_max(best, line[col * a->channels]);
          }
        }
        *y++ = (int16_t)nk_clamp(best, a->clamp_low, a->clamp_high);
      }
    }
  }
}
