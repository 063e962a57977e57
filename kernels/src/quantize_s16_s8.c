/* QUANTIZE, int16 to int8. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_quantize_s16_s8(const int16_t *x, int8_t *y, const nk_quantize_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (int8_t)nk_rescale_element(x[i], a);
  }
}
