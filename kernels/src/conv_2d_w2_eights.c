/* CONV_2D, int8, weights of two bits, eight pixels by four channels at a time (nk_halves_packed_s8.h), for
 * cores with many registers. */
#include "nk_halves_packed_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_conv_2d_w2_eights(const int8_t *x, const int32_t *w, const int32_t *scales, int8_t *y,
                                    void *scratch, const nk_halves_args *a) {
  nk_halves_conv(x, w, scales, y, scratch, 2, 1, a);
}
