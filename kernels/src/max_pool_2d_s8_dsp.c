/* MAX_POOL_2D, int8, four channels or more, for cores with the DSP extension: four channels at a time. */
#include "nk_bytes_s8.h"
#include "nk_kernels.h"

/* The largest of `rows` x `columns` pixels and the lower end of the clamp, four channels. */
static inline uint32_t nk_max_of_s8x4(const int8_t *x, int32_t rows, int32_t columns,
                                      const nk_pool_2d_args *a) {
  const int32_t step = a->channels;
  const int32_t line = a->in_w * step;
  uint32_t best = (uint32_t)(uint8_t)a->clamp_low * 0x1010101U;
  for (; rows > 0; rows--, x += line) {
    const int8_t *pixel = x;
    for (int32_t n = columns; n > 0; n--, pixel += step) best = nk_larger_s8x4(nk_load_word(pixel), best);
  }
  return best;
}

NK_KERNEL void nk_max_pool_2d_s8_dsp(const int8_t *x, int8_t *y, const nk_pool_2d_args *a) {
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t row0 = oy * a->stride_h - a->pad_h;
    const int32_t top = nk_max(row0, 0);
    const int32_t rows = nk_min(row0 + a->kernel_h, a->in_h) - top;
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->channels) {
      const int32_t col0 = ox * a->stride_w - a->pad_w;
      const int32_t left = nk_max(col0, 0);
      const int32_t columns = nk_min(col0 + a->kernel_w, a->in_w) - left;
      const int8_t *const window = x + (top * a->in_w + left) * a->channels;
      for (int32_t c = 0; c < a->channels; c += 4) {
        const int32_t first = nk_min(c, a->channels - 4);
        const uint32_t best = nk_max_of_s8x4(window + first, rows, columns, a);
        memcpy(y + first, &best, 4);
      }
    }
  }
  const int32_t count = a->clamp_high < INT8_MAX ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 1; i <= count; i++) y[-i] = (int8_t)nk_min(y[-i], a->clamp_high);
}
