/* DEPTHWISE_CONV_2D with a 3x3 window, int8, stride 1, for cores with the DSP extension
   (nk_planes_s8.h). */
#include "nk_kernels.h"
#include "nk_planes_run.h"

NK_PLANES_S1(nk_planes_3x3, NK_PLANES_TWICE)

NK_KERNEL void nk_depthwise_3x3_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y, void *scratch,
                                       const nk_planes_args *a) {
  nk_planes_run(nk_planes_3x3, x, blocks, y, scratch, a);
}
