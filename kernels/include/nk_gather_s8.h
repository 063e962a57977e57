/* Copies of rows of int8 images that may reach over an edge. */
#ifndef NK_GATHER_S8_H
#define NK_GATHER_S8_H

#include "nk_fixed_point.h"
#include "nk_pairs_s8.h"

/* n bytes, by words: the last word overlaps the one before. */
static inline void nk_copy_run(int8_t *to, const int8_t *from, int32_t n) {
  int32_t left = n;
  if (n >= 4) {
    const uint32_t last = nk_word(from + n - 4);
    int8_t *const end = to + n - 4;
    for (; left > 4; left -= 4, from += 4, to += 4) {
      const uint32_t word = nk_word(from);
      memcpy(to, &word, 4);
    }
    memcpy(end, &last, 4);
    return;
  }
  for (; left > 0; left--) *to++ = *from++;
}

/* Bytes [from, from + length) of a row of `width` bytes; what lies outside reads as `zero`. */
static inline void nk_gather_run(int8_t *to, const int8_t *row, int32_t from, int32_t length, int32_t width,
                                 int32_t zero) {
  const int32_t before = nk_clamp(-from, 0, length);
  const int32_t end = nk_clamp(width - from, before, length);
  for (int32_t i = 0; i < before; i++) to[i] = (int8_t)zero;
  if (end > before) nk_copy_run(to + before, row + from + before, end - before);
  for (int32_t i = end; i < length; i++) to[i] = (int8_t)zero;
}

#endif
