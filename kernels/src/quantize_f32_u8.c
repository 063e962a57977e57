/* QUANTIZE, float32 to uint8. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_quantize_f32_u8(const float *x, uint8_t *y, const nk_quantize_f32_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (uint8_t)nk_quantize_element(x[i], a);
  }
}
