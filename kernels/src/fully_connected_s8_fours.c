/* FULLY_CONNECTED, int8, on cores without SIMD: eight channels a walk over the row (nk_dot_fours_s8.h). */
#include "nk_dot_fours_s8.h"
#include "nk_kernels.h"
#include "nk_steps_s8.h"

NK_KERNEL void nk_fully_connected_s8_fours(const int8_t *x, const int32_t *w, const int32_t *scales,
                                           int8_t *y, const nk_pairs_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const int32_t *wc = w;
    const int32_t *scale = scales;
    for (int32_t left = a->channels; left > 0; left -= 8, wc += 2 * a->depth) {
      int32_t sums[8];
      nk_dot_fours8(x, wc, wc + (left > 4 ? a->depth : 0), a->depth, sums);
      for (int32_t c = 0; c < nk_min(left, 8); c++, scale += a->stride) {
        *y++ = (int8_t)nk_step(sums[c], scale, a->stride, a->shift);
      }
    }
  }
}
