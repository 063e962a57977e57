/* CONV_2D of a pixel or two, int16, for cores with the DSP extension (nk_row_s16.h). */
#include "nk_kernels.h"
#include "nk_row_s16.h"

NK_ROW_S16_DEFINE_CONV(nk_row_conv_s16)

NK_KERNEL void nk_single_s16_dsp(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                 void *scratch, const nk_row_s16_args *a) {
  nk_row_s16_rows(nk_row_conv_s16, x, w, scales, y, scratch, a);
}
