/* QUANTIZE, int16 to int8 where one product does not do, for cores with the DSP extension (nk_rescale_dsp.h).
 */
#include "nk_kernels.h"
#include "nk_rescale_dsp.h"

NK_RESCALE_TWICE(nk_quantize_s16_s8_twice, int8_t)

NK_KERNEL void nk_quantize_s16_s8_twice_dsp(const int16_t *x, int8_t *y, const nk_rescale_dsp_args *a) {
  nk_quantize_s16_s8_twice(x, y, a);
}
