/* The same as conv_2d_s16_dsp.c, what is below zero clamped to it. */
#include "nk_band_s16.h"
#include "nk_kernels.h"

NK_STRIP_S16_DEFINE_RELU(nk_conv_relu_s16_)

NK_KERNEL void nk_conv_2d_relu_s16_dsp(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                       void *scratch, const nk_conv_s16_args *a) {
  const nk_band_tiles tiles = {nk_conv_relu_s16_3, nk_conv_relu_s16_2};
  nk_band_run(tiles, x, w, scales, y, scratch, a);
}
