/* CONV_2D, int8, three pixels a third of a row apart at a time (nk_thirds_s8.h). The rows under a row of
   windows are packed before its outputs are written, so that the output may take their place. */
#include "nk_kernels.h"
#include "nk_thirds_s8.h"

NK_KERNEL void nk_conv_2d_s8_thirds(const int8_t *x, const int8_t *w, const uint32_t *starts,
                                    const int32_t *scales, int8_t *y, void *scratch,
                                    const nk_thirds_args *a) {
  uint32_t *const ring = scratch;
  const int32_t words = 2 * a->span * a->in_c, apart = a->third * a->channels;
  int32_t packed = 0, slot = 0; /* rows of the padded image; where the window's first row lies in the ring */
  for (int32_t oy = 0; oy < a->out_h; oy++, y += a->out_w * a->channels) {
    const uint32_t *lines[NK_THIRDS_ROWS];
    for (int32_t i = 0; i < a->kernel_h; i++) {
      const int32_t row = oy * a->stride_h + i;
      uint32_t *const line = ring + (slot + i < a->kernel_h ? slot + i : slot + i - a->kernel_h) * words;
      lines[i] = line;
      if (row < packed) continue;
      packed = row + 1;
      if ((uint32_t)(row - a->pad_h) < (uint32_t)a->in_h) {
        nk_thirds_line(x + (row - a->pad_h) * a->in_w * a->in_c, line, a);
      } else {
        memset(line, 0, 4 * (size_t)words);
      }
    }
    slot += a->stride_h;
    while (slot >= a->kernel_h) slot -= a->kernel_h;
    int8_t *to = y;
    for (int32_t ox = 0; ox < a->third; ox++, to += a->channels) {
      int8_t *const second = to + apart;
      nk_thirds_run run = {.starts = starts,
                           .scales = scales,
                           .y0 = to,
                           .y1 = second,
                           .y2 = ox + 2 * a->third < a->out_w ? second + apart : second,
                           .shift = a->shift,
                           .top = a->top,
                           .lowest = a->lowest,
                           .lines = lines,
                           .offset = 8 * ox * a->stride_w * a->in_c,
                           .run = 8 * a->kernel_w * a->in_c,
                           .w = w,
                           .rows = a->kernel_h,
                           .blocks = a->channels / NK_SKIP_CHANNELS};
      nk_thirds8(&run);
    }
  }
}
