/* CONV_2D, 3 x 3, stride 1, int8, for cores with the DSP extension: Winograd along the rows, one tile of four
 * outputs at a time, for half of the scratch (nk_winograd_1x4_s8.h). */
#include "nk_kernels.h"
#include "nk_winograd_1x4_walk.h"

NK_KERNEL void nk_conv_2d_s8_winograd_1x4_one(const int8_t *x, const int16_t *w, const int32_t *scales,
                                              int8_t *y, void *scratch, const nk_winograd_4x4_args *a) {
  nk_winograd_line_image(x, w, scales, y, scratch, a);
}
