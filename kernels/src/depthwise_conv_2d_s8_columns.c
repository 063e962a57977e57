/* DEPTHWISE_CONV_2D with multiplier 1 and windows of 3 x 3, int8, on cores with many registers
   (nk_columns_s8.h). The bias, the zero point and all that requantising adds are in what sums start from.
   Weights are channels x 3 x 3, the axis of the walk last. */
#include "nk_columns_s8.h"
#include "nk_kernels.h"

/* `n` lines of outputs, of which the first one's window starts at the line `from`; `start` comes shifted up.
   Lines outside the image read as the zero point: their weights are taken as 0, and what they add is the same
   everywhere. */
static inline void nk_columns_lines_of(nk_columns_run *s, const int8_t *x, const int8_t *w, int32_t from,
                                       int32_t n, int32_t start, const nk_columns_args *a) {
  int32_t there[3];
  int32_t extra = 0, first = 0, last = 0;
  for (int32_t i = 0; i < 3; i++) {
    int32_t *const taps = s->w + 3 * i;
    there[i] = from + i >= 0 && from + i < a->lines;
    if (there[i]) {
      first += taps[0], last += taps[2];
    } else {
      extra += taps[0] + taps[1] + taps[2];
      taps[0] = 0, taps[1] = 0, taps[2] = 0;
    }
  }
  const int32_t upper = there[0] ? from : there[1] ? from + 1 : there[2] ? from + 2 : 0;
  s->x = x + upper * a->x_line;
  s->to_middle = there[1] ? (from + 1 - upper) * a->x_line : 0;
  s->to_lower = there[2] ? (from + 2 - upper) * a->x_line : 0;
  s->lines = n;
  s->extra = start + extra * a->x_zero;
  s->first = s->extra + first * a->x_zero;
  s->last = last * a->x_zero;
  if (a->stride == 1) {
    nk_columns_by_one(s);
  } else {
    nk_columns_by_two(s);
  }
  for (int32_t k = 0; k < 9; k++) {
    if (!there[k / 3]) s->w[k] = w[k] * a->unit;
  }
}

NK_KERNEL void nk_depthwise_conv_2d_s8_columns(const int8_t *x, const int8_t *w, const int32_t *scales,
                                               int8_t *y, const nk_columns_args *a) {
  const int32_t taken = nk_columns_taken(a->whole, a->before, a->partial, a->stride);
  nk_columns_run s = {.length = a->whole * a->y_walk,
                      .top = a->top,
                      .shift = a->shift,
                      .lowest = a->lowest,
                      .x_walk = a->x_walk,
                      .y_walk = a->y_walk,
                      .x_skip = a->stride_lines * a->x_line - taken * a->x_walk,
                      .y_skip = a->y_line - (a->whole + a->partial) * a->y_walk,
                      .before = a->before,
                      .partial = a->partial};
  for (int32_t c = 0; c < a->channels; c++, x++, w += 9, scales += 3) {
    int32_t from = -a->before_lines;
    s.multiplier = scales[0], s.floor = scales[1];
    for (int32_t k = 0; k < 9; k++) s.w[k] = w[k] * a->unit;
    for (int32_t left = a->out_lines; left > 0;) {
      const int32_t inside = from >= 0 ? nk_min(left, a->inside_end - (a->out_lines - left)) : 0;
      const int32_t n = nk_max(inside, 1);
      s.y = y + c + (a->out_lines - left) * a->y_line;
      nk_columns_lines_of(&s, x, w, from, n, scales[2], a);
      left -= n;
      from += n * a->stride_lines;
    }
  }
}
