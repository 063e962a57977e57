/* What the convolutions in strips of two pixels (nk_strip_duo_s8.h) share: a strip set up, and pixels stored.
 */
#ifndef NK_STRIP_DUO_STORE_H
#define NK_STRIP_DUO_STORE_H

#include "nk_strip_duo_one_s8.h"

/* What is the same for all strips of a layer; columns are there. The first two inputs stand before the loop.
 */
static inline nk_strip_duo nk_strip_duo_of(int32_t *columns, const int32_t *stream, const nk_strip_args *a) {
  const int32_t last = (2 * a->groups - 1) % NK_STRIP_DUO_UNROLLED;
  const int32_t skipped = (NK_STRIP_DUO_UNROLLED - last) % NK_STRIP_DUO_UNROLLED;
  const nk_strip_duo s = {.columns = columns,
                          .columns_end = columns + 4 * a->groups,
                          .stream = stream,
                          .stream_end = stream + (a->weight_bytes >> 2),
                          .entry = (uint32_t)(NK_STRIP_DUO_PAIR * skipped),
                          .x = NULL,
                          .strips = 1};
  return s;
}

/* Pixels into y: all of the strips, two each, or the one that is left (`whole`), whose columns are there. */
static inline void nk_strip_duo_store(nk_strip_duo *s, int8_t *y, int32_t whole, const nk_strip_args *a) {
  s->y = y;
#ifdef __OPTIMIZE_SIZE__ /* one pixel: a strip whose second pixel is written over by the first, to save code \
                          */
  s->stride = whole > 1 ? a->channels : 0;
#else
  s->stride = a->channels;
  if (whole == 1) {
    if (a->relu) {
      nk_strip_one_relu_s8(s);
    } else {
      nk_strip_one_signed_s8(s);
    }
    return;
  }
#endif
  if (a->relu) {
    nk_strip_duo_relu_s8(s);
  } else {
    nk_strip_duo_signed_s8(s);
  }
}

/* The results, which went to y as far as int8 reaches, clamped further. */
static inline void nk_strip_duo_narrow(int8_t *y, const nk_strip_args *a) {
  if (!a->narrow) return;
  for (int8_t *const end = y + a->pixels * a->channels; y != end; y++)
    *y = (int8_t)nk_clamp(*y, a->low, a->high);
}

#endif
