/* Takes an image apart into planes (nk_planes_s8.h), four channels at a time, and computes one channel after
   the other.

   The planes hold two pair rows that take turns, or all pair rows of an image that is small. Every row of
   four channels is taken apart before an output is written to its place, so the output may take the input's
   place. */
#ifndef NK_PLANES_RUN_H
#define NK_PLANES_RUN_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_planes_s8.h"

/* Zero points everywhere: what lies left and right of the image stays so, and rows outside where a slot is
 * theirs. */
static inline void nk_planes_pad(int32_t *planes, const nk_planes_args *a) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)a->x_zero * 0x10001U);
  for (int32_t i = 4 * a->slots * a->columns; i > 0; i--) *planes++ = pair;
}

/* A pair row that is not inside the image as a whole: `row` is its upper one. */
static inline void nk_planes_edge(int32_t *to, const int8_t *x, int32_t row, const nk_planes_args *a) {
  const uint32_t outside = (uint32_t)(uint8_t)a->x_zero * 0x1010101U;
  const int8_t *const zeros = (const int8_t *)&outside;
  const int32_t upper = row == a->in_h - 1; /* then only the upper row is inside; at -1 the lower */
  const int32_t lower = row == -1;
  if (!upper && !lower && a->batch == a->pairs) return;
  nk_planes_take(to, upper ? x + row * a->in_w * a->channels : zeros, upper ? a->channels : 0,
                 lower ? x : zeros, lower ? a->channels : 0, a->width);
}

/* `count` pair rows of the four channels from x on, the first of them number `p`, into their slots. */
static inline void nk_planes_fill(int32_t *planes, const int8_t *x, int32_t p, int32_t count,
                                  const nk_planes_args *a) {
  const int32_t line = a->in_w * a->channels;
  while (count > 0) {
    const int32_t slot = p % a->slots;
    int32_t *const to = planes + 4 * (slot * a->columns + a->left);
    const int32_t row = 2 * p - a->pad_h;
    const int32_t inside = row < 0 ? 0 : (a->in_h - row) >> 1;
    const int32_t run = nk_min(nk_min(count, nk_max(inside, 1)), a->slots - slot);
    if (inside > 0) {
      nk_planes_inside(to, x + row * line, line, a->channels, a->width, run, 4 * a->columns);
    } else {
      nk_planes_edge(to, x, row, a);
    }
    count -= run;
    p += run;
  }
}

/* Some rows of outputs of a group's channels from `lane` on, the first from pair row `p`. y and block are set
   for the group's first channel. */
static inline void nk_planes_lanes(nk_planes_function *function, nk_planes *s, const int32_t *planes,
                                   int32_t p, int32_t rows, int32_t lane, const nk_planes_args *a) {
  const int32_t slot = 4 * a->columns;
  s->y += lane;
  s->step = a->channels;
  s->pitch = 4 * slot;
  s->span = 4 * (rows - 1) * slot;
  s->zero = a->y_zero;
  s->a = planes + (p % a->slots) * slot + lane;
  s->b = planes + ((p + 1) % a->slots) * slot + lane;
  s->threes_end = s->a + 12 * a->stride * a->threes;
  s->end = s->a + 4 * a->stride * a->out_w;
  s->block += lane * NK_PLANES_BLOCK;
  s->lanes = 4 - lane;
  function(s);
}

/* All of pair rows p .. p + batch: the last row of an odd number is made alone. */
static inline void nk_planes_batch(nk_planes_function *function, const int32_t *planes, const int32_t *block,
                                   int8_t *y, int32_t p, int32_t lane, const nk_planes_args *a) {
  const int32_t line = a->out_w * a->channels;
  const int32_t odd = a->stride == 1 && 2 * (p + a->batch) > a->out_h;
  const int32_t rows = a->batch - odd;
  nk_planes s;
  if (rows > 0) {
    s.y = y + (a->stride == 1 ? 2 * p + 1 : p) * line;
    s.row = line;
    s.block = block;
    nk_planes_lanes(function, &s, planes, p, rows, lane, a);
  }
  if (odd) {
    s.y = y + 2 * (p + rows) * line;
    s.row = 0;
    s.block = block;
    nk_planes_lanes(function, &s, planes, p + rows, 1, lane, a);
  }
}

static inline void nk_planes_run(nk_planes_function *function, const int8_t *x, const int32_t *blocks,
                                 int8_t *y, int32_t *planes, const nk_planes_args *a) {
  nk_planes_pad(planes, a);
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_planes_fill(planes, x + first, 0, 1, a);
    for (int32_t p = 0; p < a->pairs; p += a->batch) {
      nk_planes_fill(planes, x + first, p + 1, a->batch, a);
      nk_planes_batch(function, planes, blocks + first * NK_PLANES_BLOCK, y + first, p, c - first, a);
    }
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

#endif
