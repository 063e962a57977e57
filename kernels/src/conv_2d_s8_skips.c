/* CONV_2D, int8, three pixels at a time, zeros passed over (nk_skips_s8.h). */
#include "nk_kernels.h"
#include "nk_skips_s8.h"

/* n inputs of a tap row for each of three pixels, from the rows iy and the columns ix on. */
static inline uint32_t *nk_skip_border(const int8_t *x, const int32_t iy[3], const int32_t ix[3], int32_t n,
                                       uint32_t *columns, const nk_skips_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  const int8_t *from[3];
  int32_t step[3];
  for (int32_t p = 0; p < 3; p++) {
    const int32_t there = (uint32_t)iy[p] < (uint32_t)a->in_h && (uint32_t)ix[p] < (uint32_t)a->in_w;
    from[p] = there ? x + (iy[p] * a->in_w + ix[p]) * a->in_c : &outside;
    step[p] = there;
  }
  nk_pack_border(from, step, n, nk_skip_zero_of(a->x_zero), columns);
  return columns + 2 * n;
}

/* The windows of three pixels, some of which reach beyond the image; iy and ix are where their first taps
 * lie. */
static inline void nk_skip_windows(const int8_t *x, int32_t iy[3], int32_t ix[3], uint32_t *columns,
                                   const nk_skips_args *a) {
  const int32_t last = a->in_w - a->kernel_w;
  int32_t inside = 1;
  for (int32_t p = 0; p < 3; p++) inside &= ix[p] >= 0 && ix[p] <= last;
  for (int32_t i = 0; i < a->kernel_h; i++) {
    if (inside) {
      columns = nk_skip_border(x, iy, ix, a->kernel_w * a->in_c, columns, a);
    } else {
      for (int32_t j = 0; j < a->kernel_w; j++) {
        columns = nk_skip_border(x, iy, ix, a->in_c, columns, a);
        ix[0]++, ix[1]++, ix[2]++;
      }
      ix[0] -= a->kernel_w, ix[1] -= a->kernel_w, ix[2] -= a->kernel_w;
    }
    iy[0]++, iy[1]++, iy[2]++;
  }
}

/* The same where all three lie inside; `at` is where their first taps lie in x. */
static inline void nk_skip_inside(const int8_t *x, const int32_t at[3], uint32_t *columns,
                                  const nk_skips_args *a) {
  const int8_t *first = x + at[0], *second = x + at[1], *third = x + at[2];
  const int32_t line = a->in_w * a->in_c, run = a->kernel_w * a->in_c;
  const nk_skip_zero zero = nk_skip_zero_of(a->x_zero);
  for (int32_t i = a->kernel_h; i > 0;
       i--, columns += 2 * run, first += line, second += line, third += line) {
    nk_pack_skips(first, second, third, run, zero, columns);
  }
}

NK_KERNEL void nk_conv_2d_s8_skips(const int8_t *x, const int32_t *w, const uint32_t *starts,
                                   const int32_t *scales, int8_t *y, void *scratch, const nk_skips_args *a) {
  uint32_t *const columns = scratch;
  /* The columns of inputs that only fill up the last four. */
  memset(columns + 2 * a->depth - 6, 0, 24);
  const int32_t bottom = a->in_h - a->kernel_h, right = a->in_w - a->kernel_w;
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3, y += 3 * a->channels) {
    const int32_t whole = nk_min(left, 3);
    int32_t rows[3], places[3], at[3];
    int32_t inside = 1;
    for (int32_t p = 0; p < 3; p++) {
      rows[p] = oy * a->stride_h - a->pad_h;
      places[p] = ox * a->stride_w - a->pad_w;
      inside &= rows[p] >= 0 && rows[p] <= bottom && places[p] >= 0 && places[p] <= right;
      at[p] = (rows[p] * a->in_w + places[p]) * a->in_c;
      if (p + 1 < whole && ++ox == a->out_w) ox = 0, oy++;
    }
    if (++ox == a->out_w) ox = 0, oy++;
    if (inside) {
      nk_skip_inside(x, at, columns, a);
    } else {
      nk_skip_windows(x, rows, places, columns, a);
    }
    nk_skips_store(columns, w, starts, scales, y, whole, a);
  }
}
