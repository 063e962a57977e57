/* RESIZE_BILINEAR, int8: four pixels weighed in 1024ths, by tables of taps and fractions. */
#include "nk_kernels.h"

/* x / 2^20, rounded to nearest, halves away from zero. */
static inline int8_t nk_descale_bilinear_s8(int32_t x) {
  const int32_t half = (int32_t)1 << 19;
  return (int8_t)(x < 0 ? -((half - x) >> 20) : (half + x) >> 20);
}

NK_KERNEL void nk_resize_bilinear_s8(const int8_t *x, const int16_t *rows, const int16_t *rows_fraction,
                                     const int16_t *columns, const int16_t *columns_fraction, int8_t *y,
                                     const nk_resize_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int8_t *upper = x + rows[2 * oy] * a->in_w * a->pixel;
    const int8_t *lower = x + rows[2 * oy + 1] * a->in_w * a->pixel;
    const int32_t down = rows_fraction[oy];
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const int32_t left = columns[2 * ox] * a->pixel;
      const int32_t right = columns[2 * ox + 1] * a->pixel;
      const int32_t across = columns_fraction[ox];
      const int32_t upper_left = (1024 - down) * (1024 - across);
      const int32_t lower_left = down * (1024 - across);
      const int32_t upper_right = (1024 - down) * across;
      const int32_t lower_right = down * across;
      for (int32_t c = 0; c < a->pixel; c++) {
        const int32_t sum = (int32_t)upper[left + c] * upper_left + (int32_t)lower[left + c] * lower_left +
                            (int32_t)upper[right + c] * upper_right + (int32_t)lower[right + c] * lower_right;
        *y++ = nk_descale_bilinear_s8(sum);
      }
    }
  }
}
