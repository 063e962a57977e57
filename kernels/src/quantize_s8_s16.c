/* QUANTIZE, int8 to int16. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_quantize_s8_s16(const int8_t *x, int16_t *y, const nk_quantize_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = (int16_t)nk_rescale_element(x[i], a);
  }
}
