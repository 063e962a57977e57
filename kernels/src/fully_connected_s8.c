/* FULLY_CONNECTED, int8: four channels a walk over the row. The input's zero point is in the bias. LiteRT's
   reference rounds accumulator * scale in double here; the two-part multipliers give the same numbers without
   floating point. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

static inline int8_t nk_fully_connected_stored_s8(int32_t acc, const int32_t *multiplier, int32_t shift,
                                                  const nk_fully_connected_args *a) {
  const int32_t scaled = nk_scale_exact(acc, multiplier[0], multiplier[1], shift);
  return (int8_t)(nk_clamp(scaled, a->low, a->high) + a->y_zero);
}

NK_KERNEL void nk_fully_connected_s8(const int8_t *x, const int8_t *w, const int32_t *bias,
                                     const int32_t *multiplier, const int8_t *shift, int8_t *y,
                                     const nk_fully_connected_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const int8_t *wc = w;
    int32_t c = 0;
    while (c < a->channels) {
      int32_t acc[4] = {0, 0, 0, 0};
      const int32_t lanes = a->channels - c >= 4 ? 4 : 1;
      if (lanes == 4) {
        nk_dot4_s8(acc, x, wc, a->depth, 0);
      } else {
        acc[0] = nk_dot_s8(0, x, wc, a->depth, 0);
      }
      wc += lanes * a->depth;
      for (int32_t i = 0; i < lanes; i++, c++) {
        const int32_t s = c * a->scale_step;
        *y++ =
            nk_fully_connected_stored_s8(nk_wrapping_add(acc[i], bias[c]), multiplier + 2 * s, shift[s], a);
      }
    }
  }
}
