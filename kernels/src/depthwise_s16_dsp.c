/* DEPTHWISE_CONV_2D with multiplier 1, int16, for cores with the DSP extension (nk_window_s16.h). */
#include "nk_kernels.h"
#include "nk_window_s16.h"

NK_WINDOW_S16_DEFINE_ONCE(nk_window_rows_s16)

NK_KERNEL void nk_depthwise_s16_dsp(const int16_t *x, const int32_t *blocks, int16_t *y, void *scratch,
                                    const nk_window_s16_args *a) {
  nk_window_s16_run(nk_window_rows_s16, x, blocks, y, scratch, a);
}
