/* The windows of convolutions, gathered and widened into the columns of a strip (nk_strip_s8.h). Outside the
   image the input reads as its zero point. */
#ifndef NK_STRIP_GATHER_H
#define NK_STRIP_GATHER_H

#include "nk_args.h"
#include "nk_gather_s8.h"
#include "nk_strip_s8.h"

/* A window that lies inside the image; x is its first byte. */
static inline void nk_gather_inside(const int8_t *x, int32_t *columns, int8_t *staged,
                                    const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  for (int32_t i = a->kernel_h; i > 0; i--, x += width) {
    if (a->whole_groups) {
      nk_widen_s8(x, run >> 2, columns);
      columns += 6 * (run >> 2);
    } else {
      nk_copy_run(staged, x, run);
      staged += run;
    }
  }
}

/* A window that reaches over an edge: rows that start at byte `from`, the first of them row `iy`. */
static inline void nk_gather_edge(const int8_t *x, int32_t iy, int32_t from, int32_t *columns, int8_t *staged,
                                  const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  for (int32_t end = iy + a->kernel_h; iy < end; iy++) {
    const int32_t there = iy >= 0 && iy < a->in_h;
    nk_gather_run(staged, x + iy * width * there, from, run, there ? width : 0, a->x_zero);
    if (a->whole_groups) {
      nk_widen_s8(staged, run >> 2, columns);
      columns += 6 * (run >> 2);
    } else {
      staged += run;
    }
  }
}

/* The window of the output pixel (oy, ox), as one pixel of the columns. */
static inline void nk_gather_window(const int8_t *x, int32_t oy, int32_t ox, int32_t *columns, int8_t *staged,
                                    const nk_strip_args *a) {
  const int32_t iy = oy * a->stride_h - a->pad_h;
  const int32_t ix = ox * a->stride_w - a->pad_w;
  if (iy >= 0 && ix >= 0 && iy + a->kernel_h <= a->in_h && ix + a->kernel_w <= a->in_w) {
    nk_gather_inside(x + (iy * a->in_w + ix) * a->in_c, columns, staged, a);
  } else {
    nk_gather_edge(x, iy, ix * a->in_c, columns, staged, a);
  }
  if (!a->whole_groups) nk_widen_tail_s8(staged, a->depth, columns);
}

#endif
