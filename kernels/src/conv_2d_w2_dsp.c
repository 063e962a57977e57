/* CONV_2D, weights of two bits, for cores with the DSP extension. */
#include "nk_kernels.h"
#include "nk_strip_packed_walk.h"

NK_KERNEL void nk_conv_2d_w2_dsp(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                 const nk_packed_args *a) {
  nk_conv_2d_packed(x, w, y, scratch, 2, a);
}
