/* CONV_2D with a window of one pixel, int8, for cores with the DSP extension: three pixels a strip
   (nk_strip_s8.h). The input of a strip is widened before its output is written, so the output may take the
   input's place. */
#include "nk_kernels.h"
#include "nk_strip_store.h"

NK_KERNEL void nk_pointwise_s8_dsp(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                   void *scratch, const nk_strip_args *a) {
  int32_t *const columns = scratch;
  nk_strip s = {.columns = columns,
                .columns_fours = columns + 24 * (a->groups >> 2),
                .columns_end = columns + 6 * a->groups,
                .weights = w,
                .weights_end = w + a->weight_bytes,
                .scales = scales};
  int8_t *const staged = (int8_t *)(columns + 6 * a->groups);
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    for (int32_t p = 0; p < 3; p++)
      nk_widen_tail_s8(x + nk_min(p, whole - 1) * a->depth, a->depth, columns + p);
    nk_strip_store(&s, y, staged, whole, a);
    x += 3 * a->depth;
    y += 3 * a->channels;
  }
}
