/* DEPTHWISE_CONV_2D, int8, stride 1 or 2, any window, for activations that clamp negative sums away, for
   cores with the DSP extension (nk_window_s8.h). */
#include "nk_kernels.h"
#include "nk_window_s8.h"

NK_WINDOW(nk_window_any_relu, NK_WINDOW_ONCE)

NK_KERNEL void nk_depthwise_window_relu_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y,
                                               void *scratch, const nk_window_args *a) {
  nk_window_run(nk_window_any_relu, x, blocks, y, scratch, a);
}
