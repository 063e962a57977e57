/* What patches share: rectangles are copied out of images and into them. */
#ifndef NK_TILE_H
#define NK_TILE_H

#include <stdint.h>
#include <string.h>

/* Copies `rows` rows of `nbytes`; rows begin so many bytes apart. Forward: `to` may lie over `from` where it
 * lies before it, row for row. */
static inline void nk_tile_copy(uint8_t *to, int32_t to_pitch, const uint8_t *from, int32_t from_pitch,
                                int32_t rows, int32_t nbytes) {
  for (; rows > 0; rows--, to += to_pitch, from += from_pitch) {
    uint8_t *t = to;
    const uint8_t *f = from;
    int32_t left = nbytes;
    for (; left >= 16; left -= 16, f += 16, t += 16) {
      uint32_t words[4];
      memcpy(words, f, 16);
      memcpy(t, words, 16);
    }
    for (; left > 0; left--) *t++ = *f++;
  }
}

#endif
