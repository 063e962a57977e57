/* QUANTIZE, int16 to int16 in another scale, RELU and RELU6 of int16, for cores with the DSP extension
   (nk_rescale_dsp.h). */
#include "nk_kernels.h"
#include "nk_rescale_dsp.h"

NK_RESCALE_TWICE(nk_quantize_s16_twice, int16_t)

NK_KERNEL void nk_quantize_s16_dsp(const int16_t *x, int16_t *y, const nk_rescale_dsp_args *a) {
  nk_quantize_s16_twice(x, y, a);
}
