/* Rows times packed weights on cores without SIMD: the sums of two channels in the halves of a word. Weights
   are stored with `lift` added, so that none is negative: a mask leaves those of two channels, a + b * 2^16,
   and one multiplication by an input makes two products. What the lift adds is the same for all channels, and
   is taken off at the end. A word holds four channels' weights of two inputs, or of four with weights of two
   bits: in each half, from the lowest bits on, an input's first (second) channel, then its third (fourth).
   Inputs come in pieces whose sums, from 2^15 on, fit half a word. */
#ifndef NK_ROW_LANES_S8_H
#define NK_ROW_LANES_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_line_s8.h"

#define NK_LANES_START UINT32_C(0x80008000)

/* n inputs, a multiple of four, onto the words of four channels; behind the last of their weights. */
static inline const uint32_t *nk_lanes_dot(uint32_t words[2], const int8_t *x, const uint32_t *w, int32_t n,
                                           int32_t bits) {
  const uint32_t mask = bits == 4 ? UINT32_C(0x000F000F) : UINT32_C(0x00030003);
  uint32_t a = words[0], b = words[1];
  for (; n > 0; n -= 4, x += 4) {
    const uint32_t v0 = (uint32_t)x[0], v1 = (uint32_t)x[1], v2 = (uint32_t)x[2], v3 = (uint32_t)x[3];
    const uint32_t u = *w++;
    const uint32_t t = bits == 4 ? *w++ : u >> 8;
    a += (u & mask) * v0;
    b += ((u >> bits) & mask) * v0;
    a += ((u >> 2 * bits) & mask) * v1;
    b += ((u >> 3 * bits) & mask) * v1;
    a += (t & mask) * v2;
    b += ((t >> bits) & mask) * v2;
    a += ((t >> 2 * bits) & mask) * v3;
    b += ((t >> 3 * bits) & mask) * v3;
  }
  words[0] = a, words[1] = b;
  return w;
}

/* What the lift has added to a sum, and the last inputs, filled up to four. */
typedef struct nk_lanes_row {
  uint32_t lifted;
  int8_t last[4];
} nk_lanes_row;

static inline nk_lanes_row nk_lanes_row_of(const int8_t *x, const nk_row_lanes_args *a) {
  nk_lanes_row row = {0, {0, 0, 0, 0}};
  int32_t sum = 0;
  for (int32_t i = 0; i < a->depth; i++) sum += x[i];
  for (int32_t i = 0; i < (a->depth & 3); i++) row.last[i] = x[(a->depth & ~3) + i];
  row.lifted = (uint32_t)(sum * a->lift);
  return row;
}

/* Sums of four channels, whose weights begin at w; where the next channels' do. */
static inline const uint32_t *nk_lanes_sums(uint32_t sums[4], const int8_t *x, const nk_lanes_row *row,
                                            const uint32_t *w, int32_t bits, const nk_row_lanes_args *a) {
  const int32_t whole = a->depth & ~3;
  for (int32_t i = 0; i < 4; i++) sums[i] = -row->lifted;
  for (int32_t k = 0; k < a->depth; k += a->cut) {
    uint32_t words[2] = {NK_LANES_START, NK_LANES_START};
    w = nk_lanes_dot(words, x + k, w, nk_min(a->cut, whole - k), bits);
    if (whole < a->depth && k + a->cut > whole) w = nk_lanes_dot(words, row->last, w, 4, bits);
    for (int32_t i = 0; i < 2; i++)
      sums[2 * i] += words[i] & UINT32_C(0xFFFF), sums[2 * i + 1] += words[i] >> 16;
  }
  return w;
}

static inline int8_t nk_lanes_value(uint32_t sum, const int32_t *scale, const nk_row_lanes_args *a) {
  if (a->stride == NK_LINE || a->stride == NK_LINES) {
    return (int8_t)nk_line_value(sum + (uint32_t)scale[0], scale, a->stride);
  }
  return (int8_t)nk_step((int32_t)sum, scale, a->stride, a->shift);
}

/* All channels of all rows. */
static inline void nk_lanes_rows(const int8_t *x, const uint32_t *weights, const int32_t *scales, int8_t *y,
                                 int32_t bits, const nk_row_lanes_args *a) {
  for (int32_t left = a->rows; left > 0; left--, x += a->depth) {
    const nk_lanes_row row = nk_lanes_row_of(x, a);
    const uint32_t *w = weights;
    const int32_t *scale = scales;
    for (int32_t c = 0; c < a->channels; c += 4) {
      uint32_t sums[4];
      w = nk_lanes_sums(sums, x, &row, w, bits, a);
      for (int32_t i = 0; i < nk_min(4, a->channels - c); i++, scale += a->stride) {
        *y++ = nk_lanes_value(sums[i], scale, a);
      }
    }
  }
}

#endif
