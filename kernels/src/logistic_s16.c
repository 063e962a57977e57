/* LOGISTIC, int16: a table of sigmoid(i / 24) in 1/65536, interpolated linearly; the function is symmetric.
 */
#include "nk_kernels.h"

NK_KERNEL void nk_logistic_s16(const int16_t *x, const uint16_t *table, int16_t *y,
                               const nk_sigmoid_s16_args *a) {
  const int32_t nudge = a->shift > 0 ? INT32_C(1) << (a->shift - 1) : 0;
  for (int32_t i = 0; i < a->count; i++) {
    const int32_t scaled = (x[i] * a->multiplier + nudge) >> a->shift;
    const uint32_t size = (uint32_t)(scaled < 0 ? -scaled : scaled);
    const uint32_t index = size >> 9;
    uint32_t v = UINT32_C(0x7FFF) << 10;
    if (index < 255) {
      v = ((uint32_t)table[index] << 9) + (size & 0x1FF) * ((uint32_t)table[index + 1] - table[index]);
    }
    v = scaled >= 0 ? v + (1U << 9) : (1U << 25) - v + (1U << 9) - 1U;
    y[i] = (int16_t)(v >> 10);
  }
}
