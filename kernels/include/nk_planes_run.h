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

/* Zero points into the columns left and right of the image, and a row of them to read for rows outside. */
static inline void nk_planes_pad(int32_t *planes, const nk_planes_args *a) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)a->x_zero * 0x10001U);
  for (int32_t slot = 0; slot < a->slots; slot++) {
    for (int32_t i = 0; i < 4 * a->left; i++) *planes++ = pair;
    planes += 4 * a->width;
    for (int32_t i = 4 * (a->left + a->width); i < 4 * a->columns; i++) *planes++ = pair;
  }
}

/* Two rows of four channels, one upon the other, `n` columns: steps in bytes. */
static inline void nk_planes_take(int32_t *planes, const int8_t *upper, int32_t upper_step,
                                  const int8_t *lower, int32_t lower_step, int32_t n) {
  for (; n > 0; n--, planes += 4, upper += upper_step, lower += lower_step) {
    uint32_t up;
    uint32_t down;
    memcpy(&up, upper, 4);
    memcpy(&down, lower, 4);
    const uint32_t first = (up & 0xFFFFU) | (down << 16);
    const uint32_t last = (down & 0xFFFF0000U) | (up >> 16);
    planes[0] = nk_planes_even(first);
    planes[1] = nk_planes_odd(first);
    planes[2] = nk_planes_even(last);
    planes[3] = nk_planes_odd(last);
  }
}

/* Pair row `p` of the four channels from x on into its slot. */
static inline void nk_planes_fill(int32_t *planes, const int8_t *x, int32_t p, const nk_planes_args *a) {
  const uint32_t outside = (uint32_t)(uint8_t)a->x_zero * 0x1010101U;
  const int8_t *const zeros = (const int8_t *)&outside;
  const int32_t row = 2 * p - a->pad_h;
  const int32_t line = a->in_w * a->channels;
  const int32_t upper = row >= 0 && row < a->in_h;
  const int32_t lower = row >= -1 && row < a->in_h - 1;
  nk_planes_take(planes + (p % a->slots) * 4 * a->columns + 4 * a->left, upper ? x + row * line : zeros,
                 upper ? a->channels : 0, lower ? x + (row + 1) * line : zeros, lower ? a->channels : 0,
                 a->width);
}

/* `rows` rows of one channel, the first from pair row `p` on. */
static inline void nk_planes_channel(nk_planes_function *function, const int32_t *planes,
                                     const int32_t *block, int8_t *y, int32_t p, int32_t rows,
                                     const nk_planes_args *a) {
  const int32_t line = a->out_w * a->channels;
  const int32_t slot = 4 * a->columns;
  const int32_t odd = a->stride == 1 && 2 * (p + rows) > a->out_h;
  nk_planes s = {
      .y = y, .step = a->channels, .row = line, .pitch = 4 * slot, .zero = a->y_zero, .block = block};
  s.rows = rows - odd;
  s.y += a->stride == 1 ? 2 * p * line + line : p * line;
  s.a = planes + (p % a->slots) * slot;
  s.b = planes + ((p + 1) % a->slots) * slot;
  s.threes_end = s.a + 12 * a->stride * a->threes;
  s.end = s.a + 4 * a->stride * a->out_w;
  if (s.rows > 0) function(&s);
  if (odd) {
    const int32_t done = s.rows * slot;
    s.y += (2 * s.rows - 1) * line;
    s.row = 0;
    s.rows = 1;
    s.a += done;
    s.b += done;
    s.threes_end += done;
    s.end += done;
    function(&s);
  }
}

static inline void nk_planes_run(nk_planes_function *function, const int8_t *x, const int32_t *blocks,
                                 int8_t *y, int32_t *planes, const nk_planes_args *a) {
  nk_planes_pad(planes, a);
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_planes_fill(planes, x + first, 0, a);
    for (int32_t p = 0; p < a->pairs; p += a->batch) {
      for (int32_t i = 1; i <= a->batch; i++) nk_planes_fill(planes, x + first, p + i, a);
      for (int32_t lane = c - first; lane < 4; lane++) {
        const int32_t channel = first + lane;
        nk_planes_channel(function, planes + lane, blocks + channel * NK_PLANES_BLOCK, y + channel, p,
                          a->batch, a);
      }
    }
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

#endif
