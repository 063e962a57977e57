/* CONV_2D with a window of one pixel, int8: six pixels by four channels at a time (nk_sixes_s8.h), and three
   at a time at last. The inputs of pixels are packed before their outputs are written, so that the output may
   take the input's place. */
#include "nk_kernels.h"
#include "nk_sixes_s8.h"

NK_KERNEL void nk_pointwise_s8_sixes(const int8_t *x, const int32_t *w, const uint32_t *starts,
                                     const int32_t *scales, int8_t *y, void *scratch,
                                     const nk_skips_args *a) {
  uint32_t *const columns = scratch;
  const nk_skip_zero zero = nk_skip_zero_of(a->x_zero);
  int32_t left = a->pixels;
  /* The columns of inputs that only fill up the last four. */
  memset(columns + 4 * a->depth - 12, 0, 48);
  for (; left >= 6; left -= 6, x += 6 * a->in_c, y += 6 * a->channels) {
    nk_pack_sixes(x, a->in_c, zero, columns);
    nk_sixes_run run = {.starts = starts,
                        .scales = scales,
                        .y0 = y,
                        .y1 = y + a->channels,
                        .y2 = y + 2 * a->channels,
                        .shift = a->shift,
                        .top = a->top,
                        .lowest = a->lowest,
                        .columns = columns,
                        .end = columns + 4 * a->depth,
                        .w = w,
                        .blocks = a->channels / NK_SIXES_CHANNELS,
                        .apart = 3 * a->channels};
    nk_sixes4(&run);
  }
  memset(columns + 2 * a->depth - 6, 0, 24);
  for (; left > 0; left -= 3, x += 3 * a->in_c, y += 3 * a->channels) {
    const int32_t whole = nk_min(left, 3);
    const int8_t *const last = x + (whole - 1) * a->in_c;
    nk_pack_skips(x, whole > 1 ? x + a->in_c : x, last, a->in_c, zero, columns);
    nk_skips_store(columns, w, starts, scales, y, whole, a);
  }
}
