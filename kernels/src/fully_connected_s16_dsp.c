/* FULLY_CONNECTED, int16 activations and int8 weights, for cores with the DSP extension (nk_row_s16.h). */
#include "nk_kernels.h"
#include "nk_row_s16.h"

NK_ROW_S16_DEFINE_SHARED(nk_row_shared_s16)

NK_KERNEL void nk_fully_connected_s16_dsp(const int16_t *x, const int8_t *w, const int32_t *scales,
                                          int16_t *y, void *scratch, const nk_row_s16_args *a) {
  nk_row_s16_rows(nk_row_shared_s16, x, w, scales, y, scratch, a);
}
