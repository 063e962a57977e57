/* CONV_2D with a window of one pixel, int8: three channels at a time, inputs at their zero point passed over
   (nk_threes_s8.h). A pixel is copied before its outputs are written, so that they may take its place. */
#include "nk_kernels.h"
#include "nk_threes_s8.h"

NK_KERNEL void nk_pointwise_s8_threes(const int8_t *x, const uint32_t *w, const uint32_t *starts,
                                      const int32_t *scales, const int32_t *swaps, int8_t *y, void *scratch,
                                      const nk_threes_args *a) {
  int8_t *const pixel = scratch;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    memcpy(pixel, x, (size_t)a->depth);
    nk_threes_row(pixel, w, starts, scales, swaps, y, a);
  }
}
