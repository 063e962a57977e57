/* FULLY_CONNECTED, int8, weights of four bits, two channels in a word (nk_row_lanes_s8.h), any core. */
#include "nk_kernels.h"
#include "nk_row_lanes_s8.h"

NK_KERNEL void nk_fully_connected_w4_lanes(const int8_t *x, const uint32_t *w, const int32_t *scales,
                                           int8_t *y, const nk_row_lanes_args *a) {
  nk_lanes_rows(x, w, scales, y, 4, a);
}
