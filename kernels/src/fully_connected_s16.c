/* FULLY_CONNECTED, int16 activations and int8 weights, channels x depth. LiteRT's reference rounds
   accumulator * scale in double, and accumulators have more than 32 bits: so does this, with the doubles
   handed over as their 64 bits. */
#include "nk_dot_s16.h"
#include "nk_kernels.h"

NK_KERNEL void nk_fully_connected_s16(const int16_t *x, const int8_t *w, const int64_t *bias,
                                      const int64_t *scale, int16_t *y, const nk_fully_connected_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    for (int32_t c = 0; c < a->channels; c++) {
      double real;
      memcpy(&real, scale + c * a->scale_step, sizeof(real));
      const int64_t acc = nk_dot_s16(bias[c], x, w + c * a->depth, a->depth);
      *y++ = (int16_t)nk_scale_double(acc, real, a->low, a->high);
    }
  }
}
