/* FULLY_CONNECTED, and CONV_2D of single pixels, int8, for cores with the DSP extension: two channels in a
   halfword (nk_row_duo_s8.h). */
#include "nk_fixed_point.h"
#include "nk_kernels.h"
#include "nk_row_duo_s8.h"

static inline void nk_row_duo_s8(const nk_row_duo *s, int32_t coarse) {
  if (coarse) {
    nk_row_duo_coarse_s8(s);
  } else {
    nk_row_duo_fine_s8(s);
  }
}

NK_KERNEL void nk_row_s8_duo(const int8_t *x, const int32_t *w, int8_t *y, const nk_row_duo_args *a) {
  const int32_t block = 24 + 2 * a->depth;
  const int32_t *const end = w + block * (a->channels >> 3);
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    nk_row_duo s = {.x = x, .x_end = x + a->depth, .stream = w, .stream_end = end, .y = y};
    nk_row_duo_enter(&s, a->depth);
    nk_row_duo_s8(&s, a->coarse);
    if ((a->channels & 7) != 0) { /* the last eight channels overlap the ones before */
      s.stream = end;
      s.stream_end = end + block;
      s.y = y + a->channels - 8;
      nk_row_duo_s8(&s, a->coarse);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
  }
}
