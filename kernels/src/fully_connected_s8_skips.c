/* FULLY_CONNECTED, int8, on cores with many registers and MULHU: sixteen channels a walk over the row, then
   four, and inputs at their zero point are passed over (nk_row_skips_s8.h). What a call takes depends on the
   data. */
#include "nk_high_steps_s8.h"
#include "nk_kernels.h"
#include "nk_row_skips_s8.h"

NK_KERNEL void nk_fully_connected_s8_skips(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                           const nk_row_skips_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const int8_t *wc = w;
    const int32_t *scale = scales;
    for (int32_t left = a->channels; left > 0;) {
      int32_t sums[16];
      const int32_t wide = left >= 16 ? 16 : 4;
      if (wide == 16) {
        nk_row_skips16(x, wc, x + a->depth, a->x_zero, sums);
      } else {
        nk_row_skips4(x, wc, x + a->depth, a->x_zero, sums);
      }
      for (int32_t c = 0; c < nk_min(left, wide); c++, scale += a->stride) {
        *y++ = (int8_t)nk_high_started(sums[c], scale, a->stride, a->up, a->shift, (uint32_t)a->top,
                                       (uint32_t)a->lowest);
      }
      wc += wide * a->depth;
      left -= wide;
    }
  }
}
