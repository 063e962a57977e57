/* AVERAGE_POOL_2D, int8, windows of at most 255 pixels of four channels or more, for cores with the DSP
   extension: four channels are summed at a time. Rounded to nearest, halves away from zero; padding does not
   count. */
#include "nk_bytes_s8.h"
#include "nk_kernels.h"

/* The part of a window that lies in the image. */
typedef struct nk_pool_part {
  int32_t rows;
  int32_t columns;
  int32_t line; /* bytes from a row of the image to the next */
  int32_t step; /* bytes from a pixel to the next */
  int32_t taps;
  uint32_t reciprocal; /* floor(2^24 / taps) */
} nk_pool_part;

/* sum / taps, rounded: |sum| <= 128 * taps keeps the product in 32 bits and its error below 1, which one
   comparison mends. */
static inline int32_t nk_pool_average_s8(int32_t sum, const nk_pool_part *p) {
  const uint32_t taps = (uint32_t)p->taps;
  const uint32_t size = (uint32_t)(sum < 0 ? -sum : sum) + taps / 2U;
  uint32_t quotient = (size * p->reciprocal) >> 24;
  quotient += size - quotient * taps >= taps ? 1U : 0U;
  return sum < 0 ? -(int32_t)quotient : (int32_t)quotient;
}

/* One output pixel; the last four channels may overlap the ones before. */
static inline void nk_average_pixel_s8(const int8_t *x, int8_t *y, const nk_pool_part *p,
                                       const nk_pool_2d_args *a) {
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_sums4 sums = {0, 0};
    for (int32_t row = 0; row < p->rows; row++) {
      sums = nk_add_pixels(sums, x + first + row * p->line, p->step, p->columns);
    }
    for (int32_t i = 0; i < 4; i++) {
      const int32_t average = nk_pool_average_s8(nk_sum_of(&sums, i), p);
      y[first + i] = (int8_t)nk_clamp(average, a->clamp_low, a->clamp_high);
    }
  }
}

NK_KERNEL void nk_average_pool_2d_s8_dsp(const int8_t *x, int8_t *y, const nk_pool_2d_args *a) {
  nk_pool_part p;
  p.step = a->channels;
  p.line = a->in_w * a->channels;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t top = nk_max(row0, 0);
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->channels) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t left = nk_max(col0, 0);
      p.rows = nk_min(row0 + a->kernel_h, a->in_h) - top;
      p.columns = nk_min(col0 + a->kernel_w, a->in_w) - left;
      p.taps = p.rows * p.columns;
      p.reciprocal = (UINT32_C(1) << 24) / (uint32_t)p.taps;
      if (p.columns == a->in_w) { /* rows without a gap are one row */
        p.columns = p.taps;
        p.rows = 1;
      }
      nk_average_pixel_s8(x + top * p.line + left * p.step, y, &p, a);
    }
  }
}
