/* DEQUANTIZE, int8 to float32. */
#include "nk_kernels.h"

NK_KERNEL void nk_dequantize_s8(const int8_t *x, float *y, const nk_dequantize_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = a->scale * (float)(x[i] - a->zero_point);
  }
}
