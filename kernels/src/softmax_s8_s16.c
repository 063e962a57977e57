/* SOFTMAX over the last dimension, int8 to int16. `exps` holds exp(-d * beta * scale) in 1/2^31 for d = 0, 1,
   ... below the row's maximum; beyond its end exp counts as 0. */
#include "nk_kernels.h"
#include "nk_softmax.h"

NK_KERNEL void nk_softmax_s8_s16(const int8_t *x, const int32_t *exps, int16_t *y, const nk_softmax_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    const nk_softmax_row r = nk_softmax_scan(x, exps, a);
    const int32_t exponent = r.bits_over_unit + 31 - 16;
    for (int32_t i = 0; i < a->depth; i++) {
      const int32_t below = r.largest - x[i];
      int32_t v = 0;
      if (below < a->entries) {
        v = nk_rounding_shift_right(nk_doubling_high_mul(r.reciprocal, exps[below]), exponent);
      }
      y[i] = (int16_t)nk_min(v + INT16_MIN, INT16_MAX);
    }
    x += a->depth;
    y += a->depth;
  }
}
