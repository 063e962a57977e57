/* QUANTIZE, int8 to int16, for cores with the DSP extension (nk_rescale_dsp.h): four elements at a time, each
   as the upper byte of a halfword. */
#include "nk_kernels.h"
#include "nk_rescale_dsp.h"

NK_KERNEL void nk_quantize_s8_s16_dsp(const int8_t *x, int16_t *y, const nk_linear_args *a) {
  const int32_t m = a->multiplier, addend = a->addend;
  for (int32_t i = a->count >> 2; i > 0; i--, x += 4, y += 4) {
    uint32_t bytes;
    memcpy(&bytes, x, 4);
    const uint32_t even = (bytes << 8) & 0xFF00FF00U, odd = bytes & 0xFF00FF00U;
    const int32_t y0 = nk_linear_s16(nk_linear_low(m, even, addend));
    const int32_t y1 = nk_linear_s16(nk_linear_low(m, odd, addend));
    const int32_t y2 = nk_linear_s16(nk_linear_high(m, even, addend));
    const int32_t y3 = nk_linear_s16(nk_linear_high(m, odd, addend));
    y[0] = (int16_t)y0, y[1] = (int16_t)y1, y[2] = (int16_t)y2, y[3] = (int16_t)y3;
  }
  for (int32_t i = 0; i < (a->count & 3); i++) {
    y[i] = (int16_t)nk_linear_s16(nk_linear_low(m, (uint32_t)(x[i] * 256), addend));
  }
}
