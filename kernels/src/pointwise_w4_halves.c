/* CONV_2D with a window of one pixel, int8, weights of four bits, six pixels by two channels at a time
   (nk_halves_packed_s8.h), any core. */
#include "nk_halves_packed_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_pointwise_w4_halves(const int8_t *x, const int32_t *w, const int32_t *scales, int8_t *y,
                                      void *scratch, const nk_halves_args *a) {
  nk_halves_pointwise(x, w, scales, y, scratch, 4, 0, a);
}
