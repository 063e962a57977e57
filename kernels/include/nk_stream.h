/* What streams of rows share: which rows a line buffer holds, and how rows that are no longer needed leave
 * it. */
#ifndef NK_STREAM_H
#define NK_STREAM_H

#include <stdint.h>
#include <string.h>

/* Rows first..end - 1 of a tensor are in its buffer, the first at the buffer's start. */
typedef struct nk_rows {
  int16_t first;
  int16_t end;
} nk_rows;

/* The first input row that the window of output row `row` sees. */
static inline int32_t nk_rows_seen(int32_t row, int32_t stride, int32_t before) {
  const int32_t first = row * stride - before;
  return first < 0 ? 0 : first;
}

/* Moves `kept` bytes down by `gone` bytes, both multiples of four in most networks. */
static inline void nk_rows_move(uint8_t *to, int32_t gone, int32_t kept) {
  const uint8_t *from = to + gone;
  for (; kept >= 16; kept -= 16, from += 16, to += 16) {
    uint32_t words[4];
    memcpy(words, from, 16);
    memcpy(to, words, 16);
  }
  for (; kept > 0; kept--) *to++ = *from++;
}

/* Moves `kept` bytes of `room` from byte `from` to byte `to`, up or down. */
static inline void nk_rows_shift(uint8_t *room, int32_t to, int32_t from, int32_t kept) {
  if (to < from) {
    nk_rows_move(room + to, from - to, kept);
    return;
  }
  uint8_t *t = room + to + kept;
  const uint8_t *f = room + from + kept;
  for (; kept >= 16; kept -= 16) {
    uint32_t words[4];
    f -= 16;
    t -= 16;
    memcpy(words, f, 16);
    memcpy(t, words, 16);
  }
  for (; kept > 0; kept--) *--t = *--f;
}

#endif
