/* CONV_2D with a window of one pixel, and FULLY_CONNECTED with several rows, int8: three pixels at a time
   (nk_skips_s8.h). The inputs of three pixels are packed before their outputs are written, so that the
   output may take the input's place. */
#include "nk_kernels.h"
#include "nk_skips_s8.h"

NK_KERNEL void nk_pointwise_s8_skips(const int8_t *x, const int32_t *w, const uint32_t *starts,
                                     const int32_t *scales, int8_t *y, void *scratch,
                                     const nk_skips_args *a) {
  uint32_t *const columns = scratch;
  /* The columns of inputs that only fill up the last four. */
  memset(columns + 2 * a->depth - 6, 0, 24);
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    const int8_t *const last = x + (whole - 1) * a->in_c;
    nk_pack_skips(x, whole > 1 ? x + a->in_c : x, last, a->in_c, nk_skip_zero_of(a->x_zero), columns);
    nk_skips_store(columns, w, starts, scales, y, whole, a);
    x += 3 * a->in_c;
    y += 3 * a->channels;
  }
}
