/* DEPTHWISE_CONV_2D with a 3x3 window, weights of four bits, stride 1, for
   cores with the DSP extension (nk_planes_packed_s8.h). */
#include "nk_kernels.h"
#include "nk_planes_packed_s8.h"

NK_PLANES_S1(nk_planes_depthwise_3x3_w4_dsp, NK_PLANES_TWICE)

NK_KERNEL void nk_depthwise_3x3_w4_dsp(const int8_t *x, const int32_t *blocks, int8_t *y, void *scratch,
                                       const nk_planes_args *a) {
  nk_planes_run_packed(nk_planes_depthwise_3x3_w4_dsp, x, blocks, y, scratch, a);
}
