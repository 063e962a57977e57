/* DEPTHWISE_CONV_2D with a 3x3 window, int8, one row of outputs, stride 1 along it, any activation,
   for cores with the DSP extension (nk_depthwise_row_s8.h). */
#include "nk_depthwise_row_s8.h"
#include "nk_kernels.h"

NK_DEPTHWISE_ROWS_S1(nk_depthwise_row_s1, NK_DEPTHWISE_ROW_TWICE)

NK_KERNEL void nk_depthwise_row_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y, void *scratch,
                                       const nk_depthwise_row_args *a) {
  nk_depthwise_row_run(nk_depthwise_row_s1, x, blocks, y, scratch, a);
}
