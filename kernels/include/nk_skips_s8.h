/* Convolution of three pixels at a time on cores without SIMD, as in nk_triples_s8.h, for cores with MULHU:
   inputs are packed less their zero point, so that padding and what an activation clipped to it are 0, and
   words that are 0 cost next to nothing. Sums start from the bias and an offset that keeps them from 0 to
   2^21 - 1, and need no signs. */
#ifndef NK_SKIPS_S8_H
#define NK_SKIPS_S8_H

#include "nk_args.h"
#include "nk_dot_skips_s8.h"
#include "nk_fixed_point.h"
#include "nk_high_steps_s8.h"
#include "nk_skip_parts.h"

/* What an input less the zero point takes off the words of a column. */
typedef struct nk_skip_zero {
  uint32_t first;
  uint32_t second;
} nk_skip_zero;

static inline nk_skip_zero nk_skip_zero_of(int32_t zero) {
  return (nk_skip_zero){(uint32_t)zero * ((UINT32_C(1) << 21) + 1U),
                        (uint32_t)zero * ((UINT32_C(1) << 11) + 1U)};
}

static inline void nk_pack_column(int32_t a, int32_t b, int32_t c, nk_skip_zero zero, uint32_t *to) {
  to[0] = (uint32_t)a + ((uint32_t)c << 21) - zero.first;
  to[1] = (uint32_t)b + ((uint32_t)c << 11) - zero.second;
}

/* n columns from the inputs of three pixels. */
static inline void nk_pack_skips(const int8_t *a, const int8_t *b, const int8_t *c, int32_t n,
                                 nk_skip_zero zero, uint32_t *to) {
  for (; n >= 4; n -= 4, a += 4, b += 4, c += 4, to += 8) {
    nk_pack_column(a[0], b[0], c[0], zero, to);
    nk_pack_column(a[1], b[1], c[1], zero, to + 2);
    nk_pack_column(a[2], b[2], c[2], zero, to + 4);
    nk_pack_column(a[3], b[3], c[3], zero, to + 6);
  }
  for (; n > 0; n--, to += 2) nk_pack_column(*a++, *b++, *c++, zero, to);
}

/* The same for pixels of which some may be outside the image, where the input is its zero point: step 0. */
static inline void nk_pack_border(const int8_t *const from[3], const int32_t step[3], int32_t n,
                                  nk_skip_zero zero, uint32_t *to) {
  const int8_t *a = from[0], *b = from[1], *c = from[2];
  for (; n > 0; n--, a += step[0], b += step[1], c += step[2], to += 2) nk_pack_column(*a, *b, *c, zero, to);
}

/* The stored values of a channel at three pixels, whose places lie `second` and `third` behind the first. A
   pixel that is not there is written first, in the place of one that is. Channels with one addend have a
   floor. */
static inline void nk_skips_values(const uint32_t v[3], const int32_t *scale, int8_t *y, int32_t second,
                                   int32_t third, const nk_skips_args *a) {
  const int32_t to[3] = {0, second, third};
  for (int32_t p = 2; p >= 0; p--) {
    y[to[p]] = (int8_t)(a->stride > 3 ? (int32_t)nk_high_step(v[p], scale, a->stride, a->up, a->shift,
                                                              (uint32_t)a->top, (uint32_t)a->lowest)
                                      : nk_high_floor(v[p] << a->up, scale, a->shift, a->top, a->lowest));
  }
}

/* Sums of up to eight channels and three pixels from columns that are cut into pieces. The pieces behind the
   first start from a->later. */
static inline void nk_skips_pieces(const uint32_t *columns, const int32_t *w, const uint32_t *start,
                                   int32_t lanes, uint32_t *sums, const nk_skips_args *a) {
  const uint32_t later = (uint32_t)a->later;
  uint32_t words[2 * NK_SKIP_CHANNELS];
  for (int32_t k = 0; k < a->depth; k += a->cut) {
    nk_dot_skips(columns + 2 * k, w + k, nk_min(a->cut, a->depth - k), a->depth, lanes, start, words);
    for (int32_t i = 0; i < lanes; i++) {
      uint32_t v[3];
      nk_part_skips(words[2 * i], words[2 * i + 1], v);
      for (int32_t p = 0; p < 3; p++) sums[3 * i + p] = k > 0 ? sums[3 * i + p] + v[p] : v[p];
    }
    for (int32_t i = 0; i < NK_SKIP_CHANNELS; i++) {
      words[2 * i] = later * ((UINT32_C(1) << 21) + 1U);
      words[2 * i + 1] = later * ((UINT32_C(1) << 11) + 1U);
    }
    start = words;
  }
}

/* `whole` pixels of all channels from the columns. */
static inline void nk_skips_store(const uint32_t *columns, const int32_t *w, const uint32_t *starts,
                                  const int32_t *scales, int8_t *y, int32_t whole, const nk_skips_args *a) {
  const int32_t depth = a->depth, channels = a->channels;
  const int32_t second = whole > 1 ? channels : 0, third = whole > 2 ? 2 * channels : 0;
  int32_t left = channels;
#ifdef NK_SKIP_FUSED
  if (a->cut >= depth && a->stride == 3 && a->up == NK_SKIP_UP && left >= NK_SKIP_CHANNELS) {
    const int32_t blocks = left / NK_SKIP_CHANNELS;
    nk_skip_outputs to = {starts,   scales,    y,         y + second, y + third,
                          a->shift, a->top,    a->lowest, columns,    columns + 2 * depth,
                          w,        4 * depth, blocks};
    nk_skips8(&to);
    left -= blocks * NK_SKIP_CHANNELS, w = to.w;
    starts = to.starts, scales = to.scales, y = to.y0;
  }
#endif
  for (; left > 0;
       left -= NK_SKIP_CHANNELS, w += NK_SKIP_CHANNELS / 4 * depth, starts += 2 * NK_SKIP_CHANNELS) {
    uint32_t sums[3 * NK_SKIP_CHANNELS];
    const int32_t lanes = nk_min(left, NK_SKIP_CHANNELS);
    nk_skips_pieces(columns, w, starts, lanes, sums, a);
    for (int32_t i = 0; i < lanes; i++, scales += a->stride) {
      nk_skips_values(sums + 3 * i, scales, y++, second, third, a);
    }
  }
}

#endif
