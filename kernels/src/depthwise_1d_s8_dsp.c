/* DEPTHWISE_CONV_2D along one axis, int8, stride 1, for cores with the DSP
   extension (nk_column_s8.h). */
#include "nk_column_s8.h"
#include "nk_kernels.h"

NK_COLUMN(nk_column_1d, NK_COLUMN_TWICE)

NK_KERNEL void nk_depthwise_1d_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y, void *scratch,
                                      const nk_column_args *a) {
  nk_column_run(nk_column_1d, x, blocks, y, scratch, a);
}
