/* MAX_POOL_2D, float32: maximum over the taps inside the image, from the lowest finite number up. */
#include "nk_kernels.h"

NK_KERNEL void nk_max_pool_2d_f32(const float *x, float *y, const nk_pool_2d_f32_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t row_first = nk_max(row0, 0);
    const int32_t row_end = nk_min(row0 + a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t col_first = nk_max(col0, 0);
      const int32_t col_end = nk_min(col0 + a->kernel_w, a->in_w);
      for (int32_t c = 0; c < a->channels; c++) {
        float best = -3.40282347e+38F;
        for (int32_t row = row_first; row < row_end; row++) {
          const float *line = x + row * a->in_w * a->channels + c;
          for (int32_t col = col_first; col < col_end; col++) {
            const float element = line[col * a->channels];
            best = element > best ? element : best;
          }
        }
        best = best < a->clamp_low ? a->clamp_low : best;
        *y++ = best > a->clamp_high ? a->clamp_high : best;
      }
    }
  }
}
