/* DEPTHWISE_CONV_2D along one axis, int8, stride 1, for activations that clamp negative sums away, for cores
   with the DSP extension (nk_column_s8.h). */
#include "nk_column_s8.h"
#include "nk_kernels.h"

NK_COLUMN(nk_column_1d_relu, NK_COLUMN_ONCE)

NK_KERNEL void nk_depthwise_1d_relu_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y, void *scratch,
                                           const nk_column_args *a) {
  nk_column_run(nk_column_1d_relu, x, blocks, y, scratch, a);
}
