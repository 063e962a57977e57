/* FULLY_CONNECTED, int8: three channels at a time, inputs at their zero point passed over (nk_threes_s8.h).
 */
#include "nk_kernels.h"
#include "nk_threes_s8.h"

NK_KERNEL void nk_fully_connected_s8_threes(const int8_t *x, const uint32_t *w, const uint32_t *starts,
                                            const int32_t *scales, const int32_t *swaps, int8_t *y,
                                            const nk_threes_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    nk_threes_row(x, w, starts, scales, swaps, y, a);
  }
}
