/* CONV_2D, int8, for cores with the DSP extension: the windows of two output pixels are widened into columns,
   then multiplied as a strip (nk_strip_duo_s8.h). Outside the image the input reads as its zero point.

   The whole groups of four bytes of each row of the window come first, widened from where they lie; then what
   is left over of all rows, put together. */
#include "nk_gather_s8.h"
#include "nk_kernels.h"
#include "nk_strip_duo_store.h"

/* A row of the window: its whole groups into the columns, what is left over into `rest`. */
static inline void nk_conv_duo_row(const int8_t *row, int32_t *columns, int8_t *rest, int32_t run) {
  nk_duo_widen(row, run >> 2, columns);
  for (int32_t i = run & ~3; i < run; i++) *rest++ = row[i];
}

/* A row that lies above or below the image. */
static inline void nk_conv_duo_outside(int32_t *columns, int8_t *rest, int32_t run, int32_t zero) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)zero * 0x10001U);
  for (int32_t i = 2 * (run >> 2); i > 0; i--, columns += 2) *columns = pair;
  for (int32_t i = run & 3; i > 0; i--) *rest++ = (int8_t)zero;
}

/* Words of `staged` that hold what is left over of the rows; behind them is room for a row. */
static inline int32_t nk_conv_duo_rests(const nk_strip_args *a) {
  return (a->kernel_h * (a->kernel_w * a->in_c & 3) + 3) >> 2;
}

/* A window that lies inside the image; x is its first byte. */
static inline void nk_conv_duo_inside(const int8_t *x, int32_t *columns, int8_t *staged,
                                      const nk_strip_args *a) {
  const int32_t run = a->kernel_w * a->in_c;
  for (int32_t i = 0; i < a->kernel_h; i++, x += a->in_w * a->in_c, columns += 4 * (run >> 2))
    nk_conv_duo_row(x, columns, staged + i * (run & 3), run);
  nk_duo_widen(staged, nk_conv_duo_rests(a), columns);
}

/* A window that reaches over an edge: rows from byte `from` on, the first of them row `iy`. */
static __attribute__((noinline)) void nk_conv_duo_edge(const int8_t *x, int32_t iy, int32_t from,
                                                       int32_t *columns, int8_t *staged,
                                                       const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t before = nk_clamp(-from, 0, run);
  const int32_t length = nk_clamp(width - from, before, run) - before;
  int8_t *const copy = staged + 4 * nk_conv_duo_rests(a);
  int8_t *rest = staged;
  if (length < run) memset(copy, a->x_zero, (size_t)run);
  for (int32_t i = 0; i < a->kernel_h; i++, iy++, columns += 4 * (run >> 2), rest += run & 3) {
    const int8_t *row = x + iy * width + from;
    if (iy < 0 || iy >= a->in_h) {
      nk_conv_duo_outside(columns, rest, run, a->x_zero);
      continue;
    }
    if (length < run) {
      nk_copy_run(copy + before, row + before, length);
      row = copy;
    }
    nk_conv_duo_row(row, columns, rest, run);
  }
  nk_duo_widen(staged, nk_conv_duo_rests(a), columns);
}

/* The window of the output pixel (oy, ox), as one pixel of the columns. */
static inline void nk_conv_duo_window(const int8_t *x, int32_t oy, int32_t ox, int32_t *columns,
                                      int8_t *staged, const nk_strip_args *a) {
  const int32_t iy = oy * a->stride_h - a->pad_h;
  const int32_t ix = ox * a->stride_w - a->pad_w;
  if (iy >= 0 && ix >= 0 && iy + a->kernel_h <= a->in_h && ix + a->kernel_w <= a->in_w) {
    nk_conv_duo_inside(x + (iy * a->in_w + ix) * a->in_c, columns, staged, a);
  } else {
    nk_conv_duo_edge(x, iy, ix * a->in_c, columns, staged, a);
  }
}

NK_KERNEL void nk_conv_2d_s8_duo(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                 const nk_strip_args *a) {
  int32_t *const columns = scratch;
  int8_t *const staged = (int8_t *)(columns + 4 * a->groups);
  nk_strip_duo s = nk_strip_duo_of(columns, w, a);
  int32_t oy = 0;
  int32_t ox = 0;
  int8_t *to = y;
  for (int32_t left = a->pixels; left > 0; left -= 2, to += 2 * a->channels) {
    const int32_t whole = nk_min(left, 2);
    for (int32_t p = 0; p < whole; p++) {
      nk_conv_duo_window(x, oy, ox, columns + p, staged, a);
      if (++ox == a->out_w) ox = 0, oy++;
    }
    nk_strip_duo_store(&s, to, whole, a);
  }
  nk_strip_duo_narrow(y, a);
}
