/* CONV_2D, int8, for cores with Helium: the windows of three output pixels are gathered into columns, then
   multiplied as a strip (nk_mve_strip_s8.h). Outside the image the input reads as its zero point. */
#include "nk_kernels.h"
#include "nk_mve_strip_s8.h"

/* Bytes [from, from + length) of a row of `width` bytes; what lies outside reads as `zero`. */
static inline void nk_mve_row(int8_t *to, const int8_t *row, int32_t from, int32_t length, int32_t width,
                              int32_t zero) {
  const int32_t before = nk_clamp(-from, 0, length);
  const int32_t end = nk_clamp(width - from, before, length);
  if (before > 0) nk_mve_fill(to, zero, before);
  if (end > before) nk_mve_copy(to + before, row + from + before, end - before);
  if (length > end) nk_mve_fill(to + end, zero, length - end);
}

/* A window that may leave the image, row by row. */
static inline void nk_mve_border(const int8_t *x, int32_t iy, int32_t from, int8_t *columns, int8_t *staged,
                                 const nk_conv_mve_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  for (int32_t i = 0; i < a->kernel_h; i++, iy++) {
    const int32_t there = iy >= 0 && iy < a->in_h;
    nk_mve_row(staged, x + iy * width * there, from, run, there ? width : 0, a->x_zero);
    if (a->whole_steps) nk_mve_spread(columns, staged, run);
    columns += 3 * run * a->whole_steps;
    staged += run * !a->whole_steps;
  }
}

/* The window of the output pixel (oy, ox), as one pixel of the columns. */
static inline void nk_mve_window(const int8_t *x, int32_t oy, int32_t ox, int8_t *columns, int8_t *staged,
                                 const nk_conv_mve_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t from = (ox * a->stride_w - a->pad_w) * a->in_c;
  const int32_t iy = oy * a->stride_h - a->pad_h;
  if (iy < 0 || iy + a->kernel_h > a->in_h || from < 0 || from + run > width) {
    nk_mve_border(x, iy, from, columns, staged, a);
  } else if (a->whole_steps) {
    nk_mve_spread_rows(columns, x + iy * width + from, a->kernel_h, run, width);
  } else {
    nk_mve_copy_rows(staged, x + iy * width + from, a->kernel_h, run, width);
  }
}

NK_KERNEL void nk_conv_2d_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                 void *scratch, const nk_conv_mve_args *a) {
  int8_t *const columns = scratch;
  int8_t *const staged = columns + 48 * a->steps;
  nk_mve_strip s = {columns, w, scales, a->steps, a->channels, a->y_zero, a->channels, 2 * a->channels};
  int8_t *const start = y;
  /* All of the columns is written, the ends that meet zero weights included. */
  if (a->depth % 16 != 0) nk_mve_fill(columns, 0, 48 * a->steps);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    s.second = nk_min(1, whole - 1) * a->channels;
    s.third = (whole - 1) * a->channels;
    for (int32_t p = 0; p < 3; p++) {
      nk_mve_window(x, oy, ox, columns + 16 * p, staged, a);
      if (!a->whole_steps) nk_mve_spread(columns + 16 * p, staged, a->depth);
      if (p + 1 < whole && ++ox == a->out_w) ox = 0, oy++;
    }
    if (++ox == a->out_w) ox = 0, oy++;
    nk_mve_strip_run(&s, y, a->is_signed);
    y += 3 * a->channels;
  }
  if (a->narrow) nk_mve_clamp(start, a->pixels * a->channels, a->low, a->high);
}
