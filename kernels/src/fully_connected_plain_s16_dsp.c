/* The same as fully_connected_s16_dsp.c for weights of -128. */
#include "nk_kernels.h"
#include "nk_row_s16.h"

NK_ROW_S16_DEFINE_PLAIN(nk_row_plain_s16)

NK_KERNEL void nk_fully_connected_plain_s16_dsp(const int16_t *x, const int8_t *w, const int32_t *scales,
                                                int16_t *y, void *scratch, const nk_row_s16_args *a) {
  nk_row_s16_rows(nk_row_plain_s16, x, w, scales, y, scratch, a);
}
