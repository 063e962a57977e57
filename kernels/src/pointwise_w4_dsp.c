/* CONV_2D with a window of one pixel, weights of four bits, for cores with the DSP extension. */
#include "nk_kernels.h"
#include "nk_strip_packed_walk.h"

NK_KERNEL void nk_pointwise_w4_dsp(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                   const nk_packed_args *a) {
  nk_pointwise_packed(x, w, y, scratch, 4, a);
}
