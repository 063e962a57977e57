/* BATCH_MATMUL, float: every sum adds up its products in order. */
#include "nk_float.h"
#include "nk_kernels.h"

static inline void nk_matmul_f32(const float *x, const float *w, float *y, const nk_batch_matmul_args *a) {
  for (int32_t i = 0; i < a->rows; i++) {
    for (int32_t j = 0; j < a->columns; j++) {
      int32_t xk = i * a->x_row;
      int32_t wk = j * a->w_column;
      float acc = 0.0f;
      for (int32_t k = a->depth; k > 0; k--, xk += a->x_depth, wk += a->w_depth) {
        acc += x[xk] * w[wk];
      }
      *y++ = acc;
    }
  }
}

NK_KERNEL void nk_batch_matmul_f32(const float *x, const float *w, float *y, const nk_batch_matmul_args *a) {
  for (int32_t b0 = 0; b0 < a->batches[0]; b0++) {
    for (int32_t b1 = 0; b1 < a->batches[1]; b1++) {
      for (int32_t b2 = 0; b2 < a->batches[2]; b2++) {
        const int32_t xb = b0 * a->x_batch[0] + b1 * a->x_batch[1] + b2 * a->x_batch[2];
        const int32_t wb = b0 * a->w_batch[0] + b1 * a->w_batch[1] + b2 * a->w_batch[2];
        nk_matmul_f32(x + xb, w + wb, y, a);
        y += a->rows * a->columns;
      }
    }
  }
}
