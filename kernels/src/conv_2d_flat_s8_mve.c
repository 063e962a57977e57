/* CONV_2D, int8, for cores with Helium, few inputs: windows of at most 48 bytes in rows of at most 16.
   Three windows are gathered into columns, then multiplied as a strip (nk_mve_strip_s8.h). */
#include "nk_kernels.h"
#include "nk_mve_lines_s8.h"
#include "nk_mve_strip_s8.h"

/* Each pixel's inputs in one piece. */
NK_MVE_STRIP(nk_mve_flat_run, NK_MVE_FLAT, 16, "[%[x], #40]", "[%[x], #96]")

NK_KERNEL void nk_conv_2d_flat_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                      void *scratch, const nk_conv_lines_mve_args *a) {
  int8_t *const columns = scratch;
  int8_t *const lines = columns + 3 * NK_MVE_FLAT;
  nk_mve_strip s = {columns, w, scales, a->steps, a->channels, a->y_zero, a->channels, 2 * a->channels};
  int8_t *const start = y;
  if (a->held > 0) nk_mve_fill(lines, a->x_zero, a->held * a->line + 16);
  const int8_t *at = nk_mve_rows(lines, x, 0, a);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    s.second = nk_min(1, whole - 1) * a->channels;
    s.third = (whole - 1) * a->channels;
    if (ox + 3 < a->out_w) {
      nk_mve_flat3(columns, at + ox * a->step, a->step, a->run, a->kernel_h, a->line);
      ox += 3;
    } else {
      for (int32_t p = 0; p < 3; p++) { /* the last pixels of a short strip are one */
        nk_mve_flat1(columns + NK_MVE_FLAT * p, at + ox * a->step, a->run, a->kernel_h, a->line);
        if (p + 1 >= left || ++ox < a->out_w) continue;
        ox = 0;
        at = nk_mve_rows(lines, x, ++oy, a);
      }
    }
    nk_mve_flat_run(&s, y, a->is_signed);
    y += 3 * a->channels;
  }
  if (a->narrow) nk_mve_clamp(start, a->pixels * a->channels, a->low, a->high);
}
