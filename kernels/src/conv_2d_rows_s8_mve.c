/* CONV_2D, int8, for cores with Helium, where a row of a window is a multiple of 16 bytes.
   Three windows are gathered into columns, then multiplied as a strip (nk_mve_strip_s8.h). */
#include "nk_kernels.h"
#include "nk_mve_lines_s8.h"
#include "nk_mve_strip_s8.h"

NK_KERNEL void nk_conv_2d_rows_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                      void *scratch, const nk_conv_lines_mve_args *a) {
  int8_t *const columns = scratch;
  int8_t *const lines = columns + 48 * a->steps;
  nk_mve_strip s = {columns, w, scales, a->steps, a->channels, a->y_zero, a->channels, 2 * a->channels};
  int8_t *const start = y;
  if (a->held > 0) nk_mve_fill(lines, a->x_zero, a->held * a->line);
  const int8_t *at = nk_mve_rows(lines, x, 0, a);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    s.second = nk_min(1, whole - 1) * a->channels;
    s.third = (whole - 1) * a->channels;
    if (ox + 3 < a->out_w) {
      nk_mve_windows3(columns, at + ox * a->step, a->step, a->run / 16, a->kernel_h, a->line - a->run);
      ox += 3;
    } else {
      for (int32_t p = 0; p < 3; p++) { /* the last pixels of a short strip are one */
        nk_mve_spread_rows(columns + 16 * p, at + ox * a->step, a->kernel_h, a->run, a->line);
        if (p + 1 >= left || ++ox < a->out_w) continue;
        ox = 0;
        at = nk_mve_rows(lines, x, ++oy, a);
      }
    }
    nk_mve_strip_run(&s, y, a->is_signed);
    y += 3 * a->channels;
  }
  if (a->narrow) nk_mve_clamp(start, a->pixels * a->channels, a->low, a->high);
}
