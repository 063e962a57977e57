/* BATCH_MATMUL, int8: both operands are computed, so that both zero points come off in the loop. */
#include "nk_kernels.h"
#include "nk_requantize.h"

static inline void nk_matmul_s8(const int8_t *x, const int8_t *w, int8_t *y, const nk_batch_matmul_args *a) {
  for (int32_t i = 0; i < a->rows; i++) {
    for (int32_t j = 0; j < a->columns; j++) {
      int32_t xk = i * a->x_row;
      int32_t wk = j * a->w_column;
      int32_t acc = 0;
      for (int32_t k = a->depth; k > 0; k--, xk += a->x_depth, wk += a->w_depth) {
        acc += (x[xk] - a->x_zero) * (w[wk] - a->w_zero);
      }
      *y++ = (int8_t)(nk_clamp(nk_scale_fixed(acc, a->multiplier, a->shift), a->low, a->high) + a->y_zero);
    }
  }
}

NK_KERNEL void nk_batch_matmul_s8(const int8_t *x, const int8_t *w, int8_t *y,
                                  const nk_batch_matmul_args *a) {
  for (int32_t b0 = 0; b0 < a->batches[0]; b0++) {
    for (int32_t b1 = 0; b1 < a->batches[1]; b1++) {
      for (int32_t b2 = 0; b2 < a->batches[2]; b2++) {
        const int32_t xb = b0 * a->x_batch[0] + b1 * a->x_batch[1] + b2 * a->x_batch[2];
        const int32_t wb = b0 * a->w_batch[0] + b1 * a->w_batch[1] + b2 * a->w_batch[2];
        nk_matmul_s8(x + xb, w + wb, y, a);
        y += a->rows * a->columns;
      }
    }
  }
}
