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

/* A window that lies inside the image; x is its first byte. Sizes are copied: columns might lie over `a`. */
static inline void nk_conv_duo_inside(const int8_t *x, int32_t *columns, int8_t *staged,
                                      const nk_strip_args *a) {
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t width = a->in_w * a->in_c;
  const int32_t rests = nk_conv_duo_rests(a);
  int8_t *rest = staged;
  for (int32_t left = a->kernel_h; left > 0; left--, x += width, columns += 4 * (run >> 2), rest += run & 3)
    nk_conv_duo_row(x, columns, rest, run);
  nk_duo_widen(staged, rests, columns);
}

/* A window that reaches over an edge: rows from byte `from` on, the first of them row `iy`. */
static __attribute__((noinline)) void nk_conv_duo_edge(const int8_t *x, int32_t iy, int32_t from,
                                                       int32_t *columns, int8_t *staged,
                                                       const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t height = a->in_h;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t rests = nk_conv_duo_rests(a);
  const int32_t zero = a->x_zero;
  const int32_t before = nk_clamp(-from, 0, run);
  const int32_t length = nk_clamp(width - from, before, run) - before;
  int8_t *const copy = staged + 4 * rests;
  int8_t *rest = staged;
  int32_t at = iy * width + from;
  if (length < run) memset(copy, zero, (size_t)run);
  for (int32_t left = a->kernel_h; left > 0; left--, iy++, at += width) {
    const int8_t *row = copy;
    if (iy < 0 || iy >= height) {
      nk_conv_duo_outside(columns, rest, run, zero);
    } else {
      if (length < run) {
        nk_copy_run(copy + before, x + at + before, length);
      } else {
        row = x + at;
      }
      nk_conv_duo_row(row, columns, rest, run);
    }
    columns += 4 * (run >> 2);
    rest += run & 3;
  }
  nk_duo_widen(staged, rests, columns);
}

/* A window whose rows are a word each, some of it inside the image. Words begin inside; what lies behind a
   row is read, too, as long as it is of the image, and masked. */
static inline void nk_conv_duo_words(const int8_t *x, int32_t iy, int32_t from, int32_t *columns,
                                     const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t size = a->in_h * width;
  const int32_t before = nk_max(-from, 0);
  const int32_t up = 8 * before;
  const uint32_t inside = UINT32_MAX << up & UINT32_MAX >> (8 * nk_max(from + 4 - width, 0));
  const uint32_t outside = 0x01010101U * (uint8_t)a->x_zero;
  const uint32_t beside = outside & ~inside;
  int32_t at = iy * width + from + before;
  for (int32_t left = a->kernel_h; left > 0; left--, at += width, columns += 4) {
    uint32_t bytes = outside;
    if (at >= 0 && at < size) {
      bytes = 0;
      if (at + 4 <= size) {
        bytes = nk_word(x + at);
      } else {
        for (int32_t i = size - 1; i >= at; i--) bytes = bytes << 8 | (uint8_t)x[i];
      }
      bytes = (bytes << up & inside) | beside;
    }
    nk_duo_widen_word(bytes, columns);
  }
}

/* The window of the output pixel (oy, ox), as one pixel of the columns. */
static inline void nk_conv_duo_window(const int8_t *x, int32_t oy, int32_t ox, int32_t *columns,
                                      int8_t *staged, const nk_strip_args *a) {
  const int32_t iy = oy * a->stride_h - a->pad_h;
  const int32_t ix = ox * a->stride_w - a->pad_w;
  const int32_t from = ix * a->in_c;
  const int32_t width = a->in_w * a->in_c;
  if (a->kernel_w * a->in_c == 4 && from > -4 && from < width) {
    nk_conv_duo_words(x, iy, from, columns, a);
  } else if (iy >= 0 && ix >= 0 && iy + a->kernel_h <= a->in_h && ix + a->kernel_w <= a->in_w) {
    nk_conv_duo_inside(x + iy * width + from, columns, staged, a);
  } else {
    nk_conv_duo_edge(x, iy, from, columns, staged, a);
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
