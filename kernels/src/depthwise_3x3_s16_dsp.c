/* DEPTHWISE_CONV_2D with a 3x3 window, int16, stride 1, for cores with the DSP extension (nk_planes_s16.h).
 */
#include "nk_kernels.h"
#include "nk_planes_s16.h"

NK_PLANES_S16_DEFINE_S1(nk_planes_3x3_s16)

NK_KERNEL void nk_depthwise_3x3_s16_dsp(const int16_t *x, const int32_t *blocks, int16_t *y, void *scratch,
                                        const nk_planes_args *a) {
  nk_planes_s16_run(nk_planes_3x3_s16, x, blocks, y, scratch, a);
}
