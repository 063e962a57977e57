/* QUANTIZE, int16 to int8, for cores with the DSP extension (nk_rescale_dsp.h): four elements at a time. */
#include "nk_kernels.h"
#include "nk_rescale_dsp.h"

NK_KERNEL void nk_quantize_s16_s8_dsp(const int16_t *x, int8_t *y, const nk_linear_args *a) {
  const int32_t m = a->multiplier, addend = a->addend;
  for (int32_t i = a->count >> 2; i > 0; i--, x += 4, y += 4) {
    uint32_t w[2];
    memcpy(w, x, 8);
    const int32_t y0 = nk_linear_s8(nk_linear_low(m, w[0], addend));
    const int32_t y1 = nk_linear_s8(nk_linear_high(m, w[0], addend));
    const int32_t y2 = nk_linear_s8(nk_linear_low(m, w[1], addend));
    const int32_t y3 = nk_linear_s8(nk_linear_high(m, w[1], addend));
    y[0] = (int8_t)y0, y[1] = (int8_t)y1, y[2] = (int8_t)y2, y[3] = (int8_t)y3;
  }
  for (int32_t i = 0; i < (a->count & 3); i++) {
    y[i] = (int8_t)nk_linear_s8(nk_linear_low(m, (uint32_t)(int32_t)x[i], addend));
  }
}
