/* FULLY_CONNECTED, int8, for the few scales that nk_fully_connected_s8's multipliers cannot follow: rounds
   accumulator * scale in double as LiteRT's reference does, with the doubles handed over as their 64 bits. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_fully_connected_s8_double(const int8_t *x, const int8_t *w, const int32_t *bias,
                                            const int64_t *scale, int8_t *y,
                                            const nk_fully_connected_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    for (int32_t c = 0; c < a->channels; c++) {
      double real;
      memcpy(&real, scale + c * a->scale_step, sizeof(real));
      const int32_t acc = nk_wrapping_add(nk_dot_s8(0, x, w + c * a->depth, a->depth, 0), bias[c]);
      *y++ = (int8_t)(nk_scale_double(acc, real, a->low, a->high) + a->y_zero);
    }
  }
}
