/* TANH, int16, by way of the table of LOGISTIC: tanh(x) = 2 sigmoid(2 x) - 1. */
#include "nk_kernels.h"

NK_KERNEL void nk_tanh_s16(const int16_t *x, const uint16_t *table, int16_t *y,
                           const nk_sigmoid_s16_args *a) {
  const int32_t nudge = a->shift > 0 ? INT32_C(1) << (a->shift - 1) : 0;
  for (int32_t i = 0; i < a->count; i++) {
    const int32_t scaled = (x[i] * a->multiplier + nudge) >> a->shift;
    const int32_t size = scaled < 0 ? -scaled : scaled;
    const int32_t index = size >> 8;
    int32_t v = INT32_C(0xFFFF) << 8;
    if (index < 255) {
      v = (table[index] << 8) + (size & 0xFF) * (table[index + 1] - table[index]);
    }
    v = scaled >= 0 ? v - (1 << 23) + (1 << 7) : -v + (1 << 23) + (1 << 7) - 1;
    y[i] = (int16_t)(v >> 8);
  }
}
