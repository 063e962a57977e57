/* SOFTMAX over the last dimension, int16. Both tables have 513 entries, between which the kernel
   interpolates: exp over
   [-10, 0] and 1 / (1 + x) over [0, 1], results in 1/32768. */
#include "nk_kernels.h"

static int32_t nk_softmax_s16_lookup(int32_t value, const int16_t *table) {
  const int32_t index = 256 + (value >> 7);
  const int32_t slope = table[index + 1] - table[index];
  return table[index] + ((slope * (value & 0x7F) + 64) >> 7);
}

NK_KERNEL void nk_softmax_s16(const int16_t *x, const int16_t *exps, const int16_t *reciprocals, int16_t *y,
                              const nk_softmax_s16_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    int32_t largest = x[0];
    for (int32_t i = 1; i < a->depth; i++) {
      largest = nk_max(largest, x[i]);
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < a->depth; i++) {
      const int32_t scaled = nk_requantize(x[i] - largest, a->multiplier, a->shift) + INT16_MAX;
      y[i] = (int16_t)nk_softmax_s16_lookup(nk_clamp(scaled, INT16_MIN, INT16_MAX), exps);
      sum += y[i];
    }
    int32_t headroom = 0; /* left shifts until sum, at least 1, has bit 30 set */
    while ((sum << headroom) < (INT32_C(1) << 30)) {
      headroom++;
    }
    const int32_t mantissa =
        (int32_t)((((uint32_t)sum << headroom) + (1U << 13)) >> 14) - (1 << 15) - (1 << 16);
    const int32_t reciprocal = nk_softmax_s16_lookup(nk_clamp(mantissa, INT16_MIN, INT16_MAX), reciprocals);
    const int32_t right = 30 - headroom;
    for (int32_t i = 0; i < a->depth; i++) {
      const int32_t v = (y[i] * reciprocal + (INT32_C(1) << (right - 1))) >> right;
      y[i] = (int16_t)nk_clamp(v, 0, INT16_MAX);
    }
    x += a->depth;
    y += a->depth;
  }
}
