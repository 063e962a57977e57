/* QUANTIZE, float32 to int16, for cores with the DSP extension and an FPU (nk_quantize_dsp.h). */
#include "nk_kernels.h"
#include "nk_quantize_dsp.h"

NK_QUANTIZE_FOURS(nk_quantize_f32_s16_fours, int16_t, "16")

NK_KERNEL void nk_quantize_f32_s16_dsp(const float *x, int16_t *y, const nk_quantize_f32_dsp_args *a) {
  nk_quantize_f32_s16_fours(x, y, a);
  for (int32_t i = a->count & ~3; i < a->count; i++) y[i] = (int16_t)nk_quantize_by_division(x[i], a);
}
