/* QUANTIZE, float32 to int16. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_quantize_f32_s16(const float *x, int16_t *y, const nk_quantize_f32_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (int16_t)nk_quantize_element(x[i], a);
  }
}
