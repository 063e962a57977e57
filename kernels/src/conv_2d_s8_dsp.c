/* CONV_2D, int8, for cores with the DSP extension: windows of three output pixels are gathered and widened
   into columns, then multiplied as a strip (nk_strip_s8.h). Outside the image the input reads as its zero
   point. */
#include "nk_kernels.h"
#include "nk_strip_gather.h"
#include "nk_strip_store.h"

NK_KERNEL void nk_conv_2d_s8_dsp(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                 void *scratch, const nk_strip_args *a) {
  int32_t *const columns = scratch;
  int8_t *const staged = (int8_t *)(columns + 6 * a->groups);
  nk_strip s = {.columns = columns,
                .columns_fours = columns + 24 * (a->groups >> 2),
                .columns_end = columns + 6 * a->groups,
                .weights = w,
                .weights_end = w + a->weight_bytes,
                .scales = scales};
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    for (int32_t p = 0; p < whole; p++) {
      nk_gather_window(x, oy, ox, columns + p, staged, a);
      if (++ox == a->out_w) ox = 0, oy++;
    }
    nk_strip_store(&s, y, staged, whole, a);
    y += 3 * a->channels;
  }
}
