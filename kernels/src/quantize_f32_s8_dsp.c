/* QUANTIZE, float32 to int8, for cores with the DSP extension and an FPU (nk_quantize_dsp.h). */
#include "nk_kernels.h"
#include "nk_quantize_dsp.h"

NK_QUANTIZE_FOURS(nk_quantize_f32_s8_fours, int8_t, "8")

NK_KERNEL void nk_quantize_f32_s8_dsp(const float *x, int8_t *y, const nk_quantize_f32_dsp_args *a) {
  nk_quantize_f32_s8_fours(x, y, a);
  for (int32_t i = a->count & ~3; i < a->count; i++) y[i] = (int8_t)nk_quantize_by_division(x[i], a);
}
