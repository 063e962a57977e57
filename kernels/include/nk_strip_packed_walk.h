/* CONV_2D with packed weights, pixel by pixel in strips of three. */
#ifndef NK_STRIP_PACKED_WALK_H
#define NK_STRIP_PACKED_WALK_H

#include "nk_strip_gather.h"
#include "nk_strip_packed_s8.h"

/* Windows of one pixel: the input of a strip is widened before its output is written. */
static inline void nk_pointwise_packed(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                       void *scratch, int32_t bits, const nk_strip_args *a) {
  int32_t *const columns = scratch;
  int8_t *const staged = (int8_t *)(columns + 6 * a->groups);
  nk_strip s = nk_strip_packed(columns, w, scales, a);
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    for (int32_t p = 0; p < 3; p++)
      nk_widen_tail_s8(x + nk_min(p, whole - 1) * a->depth, a->depth, columns + p);
    nk_strip_store_packed(&s, y, staged, whole, bits, a);
    x += 3 * a->depth;
    y += 3 * a->channels;
  }
}

static inline void nk_conv_2d_packed(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                     void *scratch, int32_t bits, const nk_strip_args *a) {
  int32_t *const columns = scratch;
  int8_t *const staged = (int8_t *)(columns + 6 * a->groups);
  nk_strip s = nk_strip_packed(columns, w, scales, a);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 3) {
    const int32_t whole = nk_min(left, 3);
    for (int32_t p = 0; p < whole; p++) {
      nk_gather_window(x, oy, ox, columns + p, staged, a);
      if (++ox == a->out_w) ox = 0, oy++;
    }
    nk_strip_store_packed(&s, y, staged, whole, bits, a);
    y += 3 * a->channels;
  }
}

#endif
