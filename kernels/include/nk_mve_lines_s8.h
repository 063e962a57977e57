/* Windows for the int8 Helium convolutions: rows of the image with their padding, and the gathering of three
   windows into the columns of a strip. */
#ifndef NK_MVE_LINES_S8_H
#define NK_MVE_LINES_S8_H

#include "nk_args.h"
#include "nk_mve.h"

/* Where the first window of output row `oy` lies: in the image, where no window leaves it, else in lines that
   are padded copies of its rows. These hold the whole image, or the rows under one row of windows. */
static inline const int8_t *nk_mve_rows(int8_t *lines, const int8_t *x, int32_t oy,
                                        const nk_conv_lines_mve_args *a) {
  if (a->held == 0) return x + oy * a->row_step;
  if (oy > 0 && a->row_step > 0) return lines + oy * a->row_step;
  int8_t *line = lines;
  for (int32_t i = 0; i < a->held; i++, line += a->line) {
    const int32_t iy = oy * a->stride_h - a->pad_h + i;
    if (iy >= 0 && iy < a->in_h) {
      nk_mve_copy(line + a->before, x + iy * a->row, a->row);
    } else {
      nk_mve_fill(line + a->before, a->x_zero, a->row);
    }
  }
  return lines;
}

#define NK_MVE_FLAT 56 /* bytes of a window in flat columns, what the last row writes behind it included */

#if defined(__ARM_FEATURE_MVE)

/* Three windows of `rows` times 16 n bytes, `gap` bytes from behind a row to the next, 16 bytes of each in
   turn. */
static inline void nk_mve_windows3(int8_t *columns, const int8_t *x, int32_t step, int32_t n, int32_t rows,
                                   int32_t gap) {
  const int8_t *p1 = x + step, *p2 = p1 + step;
  __asm__ volatile(
      "1: dls lr, %[n]\n"
      "2: vldrb.8 q0, [%[p0]], #16\n vldrb.8 q1, [%[p1]], #16\n vldrb.8 q2, [%[p2]], #16\n"
      "vstrb.8 q0, [%[to]], #16\n vstrb.8 q1, [%[to]], #16\n vstrb.8 q2, [%[to]], #16\n le lr, 2b\n"
      "add %[p0], %[gap]\n add %[p1], %[gap]\n add %[p2], %[gap]\n subs %[rows], #1\n bne 1b\n"
      : [to] "+&r"(columns), [p0] "+&r"(x), [p1] "+&r"(p1), [p2] "+&r"(p2), [rows] "+&r"(rows)
      : [n] "r"(n), [gap] "r"(gap)
      : "lr", "q0", "q1", "q2", "memory", "cc");
}

/* Three windows of rows of at most 16 bytes, `line` bytes apart, each behind the one before it. */
static inline void nk_mve_flat3(int8_t *columns, const int8_t *x, int32_t step, int32_t run, int32_t rows,
                                int32_t line) {
  const int8_t *p1 = x + step, *p2 = p1 + step;
  __asm__ volatile(
      "dls lr, %[rows]\n"
      "1: vldrb.8 q0, [%[p0]]\n add %[p0], %[line]\n vldrb.8 q1, [%[p1]]\n add %[p1], %[line]\n"
      "vldrb.8 q2, [%[p2]]\n add %[p2], %[line]\n"
      "vstrb.8 q0, [%[to]]\n vstrb.8 q1, [%[to], #56]\n vstrb.8 q2, [%[to], #112]\n add %[to], %[run]\n le "
      "lr, 1b\n"
      : [to] "+&r"(columns), [p0] "+&r"(x), [p1] "+&r"(p1), [p2] "+&r"(p2)
      : [rows] "r"(rows), [run] "r"(run), [line] "r"(line)
      : "lr", "q0", "q1", "q2", "memory", "cc");
}

/* One of them. */
static inline void nk_mve_flat1(int8_t *column, const int8_t *x, int32_t run, int32_t rows, int32_t line) {
  __asm__ volatile(
      "dls lr, %[rows]\n"
      "1: vldrb.8 q0, [%[x]]\n add %[x], %[line]\n vstrb.8 q0, [%[to]]\n add %[to], %[run]\n le lr, 1b\n"
      : [to] "+&r"(column), [x] "+&r"(x)
      : [rows] "r"(rows), [run] "r"(run), [line] "r"(line)
      : "lr", "q0", "memory", "cc");
}

#else

static inline void nk_mve_windows3(int8_t *columns, const int8_t *x, int32_t step, int32_t n, int32_t rows,
                                   int32_t gap) {
  for (int32_t p = 0; p < 3; p++) {
    nk_mve_spread_rows(columns + 16 * p, x + p * step, rows, 16 * n, 16 * n + gap);
  }
}

static inline void nk_mve_flat1(int8_t *column, const int8_t *x, int32_t run, int32_t rows, int32_t line) {
  for (; rows > 0; rows--, column += run, x += line) memcpy(column, x, 16);
}

static inline void nk_mve_flat3(int8_t *columns, const int8_t *x, int32_t step, int32_t run, int32_t rows,
                                int32_t line) {
  for (int32_t p = 0; p < 3; p++) nk_mve_flat1(columns + NK_MVE_FLAT * p, x + p * step, run, rows, line);
}

#endif

#endif
