/* DEPTHWISE_CONV_2D with multiplier 1, int8, for cores with Helium: 16 channels side by side
   (nk_mve_taps_s8.h).

   The rows that a window sees are copied into lines with room at both ends, where the input's zero point
   stands; a line is used again for a row further down. So no window leaves the image, and the output may take
   the input's place. */
#include "nk_kernels.h"
#include "nk_mve_taps_s8.h"

/* Row `iy` of the image, or zero points where there is none, into a line. */
static inline void nk_mve_line(int8_t *line, const int8_t *x, int32_t iy, const nk_depthwise_mve_args *a) {
  if (iy < 0 || iy >= a->in_h) {
    nk_mve_fill(line, a->x_zero, a->line);
    return;
  }
  nk_mve_copy(line + a->before, x + iy * a->row, a->row);
}

/* Where each tap of a window lies in the lines; `first` is the line of its first row. */
static inline void nk_mve_aim(int32_t *taps, int32_t first, const nk_depthwise_mve_args *a) {
  int32_t at = first;
  for (int32_t i = 0; i < a->kernel_h; i++) {
    int32_t tap = at * a->line;
    for (int32_t j = 0; j < a->kernel_w; j++, tap += a->tap_step) *taps++ = tap;
    for (at += a->dilation_h; at >= a->lines;) at -= a->lines;
  }
  if (a->kernel_h * a->kernel_w % 2 != 0) *taps = taps[-1]; /* one more, of weight zero */
}

NK_KERNEL void nk_depthwise_conv_2d_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                           void *scratch, const nk_depthwise_mve_args *a) {
  int8_t *const lines = scratch;
  int32_t *const taps = (int32_t *)(void *)(lines + a->taps_at);
  const nk_mve_taps s = {taps, a->pairs, a->y_zero};
  int8_t *const start = y;
  int32_t next = -a->pad_h; /* the next row to copy, and its line */
  int32_t line = 0;
  int32_t first = 0;
  nk_mve_fill(lines, a->x_zero, a->taps_at);
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const int32_t end = oy * a->stride_h - a->pad_h + a->lines;
    for (; next < end; next++, line = line + 1 == a->lines ? 0 : line + 1) {
      nk_mve_line(lines + line * a->line, x, next, a);
    }
    nk_mve_aim(taps, first, a);
    const int8_t *base = lines;
    for (int32_t n = a->steps; n > 0; n--, base += a->step, y += a->channels) {
      if (a->is_signed) {
        nk_mve_taps_pixel(&s, base, w, scales, y, a->channels, 1);
      } else {
        nk_mve_taps_pixel(&s, base, w, scales, y, a->channels, 0);
      }
    }
    for (first += a->stride_h; first >= a->lines;) first -= a->lines;
  }
  if (a->narrow) nk_mve_clamp(start, (int32_t)(y - start), a->low, a->high);
}
