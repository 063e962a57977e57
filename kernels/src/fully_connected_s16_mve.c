/* FULLY_CONNECTED, int16 activations, for cores with Helium: four channels a walk over the row. LiteRT's
   reference rounds accumulator * scale in double, and so does this. */
#include "nk_kernels.h"
#include "nk_mve_s16.h"
#include "nk_requantize.h"

NK_KERNEL void nk_fully_connected_s16_mve(const int16_t *x, const int8_t *w, const int64_t *bias,
                                          const int64_t *scale, int16_t *y,
                                          const nk_fully_connected_s16_mve_args *a) {
  const int32_t step = (a->depth + 7) / 8 * 32;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const int8_t *weights = w;
    for (int32_t first = 0; first < a->channels; first += 4, weights += step) {
      const nk_mve_four_sums s = nk_mve_dot4_s16(x, weights, a->depth);
      for (int32_t c = first; c < nk_min(first + 4, a->channels); c++) {
        double real;
        memcpy(&real, scale + c * a->scale_step, sizeof(real));
        *y++ = (int16_t)nk_scale_double(s.channel[c - first] + bias[c], real, a->low, a->high);
      }
    }
  }
}
