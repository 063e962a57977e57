/* CONV_2D with a window of one pixel, int8, for cores with Helium: three pixels a strip (nk_mve_strip_s8.h).
   The inputs of a strip are copied before its output is written, so the output may take the input's place. */
#include "nk_kernels.h"
#include "nk_mve_strip_s8.h"

NK_KERNEL void nk_pointwise_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                   void *scratch, const nk_conv_mve_args *a) {
  int8_t *const columns = scratch;
  nk_mve_strip s = {columns, w, scales, a->steps, a->channels, a->y_zero, a->channels, 2 * a->channels};
  int8_t *const start = y;
  /* All of the columns is written, the ends that meet zero weights included. */
  if (a->depth % 16 != 0) nk_mve_fill(columns, 0, 48 * a->steps);
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    if (left < 3) {
      s.third = (left - 1) * a->channels;
      s.second = s.third;
    }
    nk_mve_spread(columns, x, a->depth);
    nk_mve_spread(columns + 16, x + (left > 1 ? a->depth : 0), a->depth);
    nk_mve_spread(columns + 32, x + (left > 2 ? 2 : left - 1) * a->depth, a->depth);
    nk_mve_strip_run(&s, y, a->is_signed);
    x += 3 * a->depth;
    y += 3 * a->channels;
  }
  if (a->narrow) nk_mve_clamp(start, a->pixels * a->channels, a->low, a->high);
}
