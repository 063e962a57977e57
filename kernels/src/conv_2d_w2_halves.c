/* CONV_2D, int8, weights of two bits, six pixels by two channels at a time (nk_halves_packed_s8.h), any core.
 */
#include "nk_halves_packed_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_conv_2d_w2_halves(const int8_t *x, const int16_t *w, const int32_t *scales, int8_t *y,
                                    void *scratch, const nk_halves_args *a) {
  nk_halves_conv(x, w, scales, y, scratch, 2, 0, a);
}
