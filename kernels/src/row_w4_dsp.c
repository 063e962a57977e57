/* FULLY_CONNECTED, weights of four bits, for cores with the DSP extension. */
#include "nk_kernels.h"
#include "nk_row_packed_s8.h"

NK_KERNEL void nk_row_w4_dsp(const int8_t *x, const int32_t *w, int8_t *y, const nk_packed_row_args *a) {
  nk_rows_packed(x, w, y, 4, a);
}
