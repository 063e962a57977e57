/* FULLY_CONNECTED, and CONV_2D of single pixels, int8, for cores with the DSP extension (nk_row_s8.h). */
#include "nk_kernels.h"
#include "nk_row_s8.h"

NK_KERNEL void nk_row_s8_dsp(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                             const nk_row_args *a) {
  const int32_t fours = a->channels >> 2;
  const int32_t rest = a->channels & 3;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    nk_row s = {x, x + 32 * (a->depth >> 5), x + a->depth, w, w + 4 * a->depth * fours, scales, y};
    if (fours > 0) nk_row_s8(&s, a->coarse);
    if (rest > 0) {
      int8_t last[4];
      s.weights = s.weights_end;
      s.weights_end = s.weights + 4 * a->depth;
      s.scales = scales + 12 * fours;
      s.y = last;
      nk_row_s8(&s, a->coarse);
      memcpy(y + 4 * fours, last, (size_t)rest);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
  }
}
