/* The same as depthwise_s16_dsp.c, what is below zero clamped to it. */
#include "nk_kernels.h"
#include "nk_window_s16.h"

NK_WINDOW_S16_DEFINE_RELU(nk_window_rows_relu_s16)

NK_KERNEL void nk_depthwise_relu_s16_dsp(const int16_t *x, const int32_t *blocks, int16_t *y, void *scratch,
                                         const nk_window_s16_args *a) {
  nk_window_s16_run(nk_window_rows_relu_s16, x, blocks, y, scratch, a);
}
