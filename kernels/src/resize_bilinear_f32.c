/* RESIZE_BILINEAR, float32: four pixels weighed, by tables of taps and fractions. */
#include "nk_kernels.h"

NK_KERNEL void nk_resize_bilinear_f32(const float *x, const int16_t *rows, const float *rows_fraction,
                                      const int16_t *columns, const float *columns_fraction, float *y,
                                      const nk_resize_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const float *upper = x + rows[2 * oy] * a->in_w * a->pixel;
    const float *lower = x + rows[2 * oy + 1] * a->in_w * a->pixel;
    const float down = rows_fraction[oy];
    const float up = 1.0F - down;
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const int32_t left = columns[2 * ox] * a->pixel;
      const int32_t right = columns[2 * ox + 1] * a->pixel;
      const float across = columns_fraction[ox];
      const float back = 1.0F - across;
      for (int32_t c = 0; c < a->pixel; c++) {
        /* Products and sums in this order, each rounded; + 0 turns a sum of -0 into 0. */
        float sum = upper[left + c] * up * back;
        sum += lower[left + c] * down * back;
        sum += upper[right + c] * up * across;
        sum += lower[right + c] * down * across;
        *y++ = sum + 0.0F;
      }
    }
  }
}
