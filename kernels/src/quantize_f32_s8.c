/* QUANTIZE, float32 to int8. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_quantize_f32_s8(const float *x, int8_t *y, const nk_quantize_f32_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (int8_t)nk_quantize_element(x[i], a);
  }
}
