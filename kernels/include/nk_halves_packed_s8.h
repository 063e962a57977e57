/* Convolutions with packed weights on cores without SIMD: sums of 16 bits, two in a word. The inputs of two
   pixels share a word, x0 + x1 * 2^16, so that one multiplication by a weight makes two products, and one
   addition sums both. Weights of four and of two bits are small: many inputs pass before half a word is full,
   and the build cuts them where one could be. Sums start from 2^15, so that no half borrows from the other;
   the table of scales takes that off.

   A column is an input of all pixels, `pairs` words. Six pixels meet two channels (nk_dot_halves_s8.h), or,
   where there are registers for it, eight pixels four (nk_dot_eights_s8.h): `wide`. */
#ifndef NK_HALVES_PACKED_S8_H
#define NK_HALVES_PACKED_S8_H

#include <string.h>

#include "nk_args.h"
#include "nk_dot_eights_s8.h"
#include "nk_dot_halves_s8.h"
#include "nk_fixed_point.h"
#include "nk_line_s8.h"
#include "nk_requantize.h"
#include "nk_steps_s8.h"

/* A channel's row in the table of scales says by its length what it holds: three words are bias, multiplier
   and shift, as TFLite has them; four or six: see nk_line_s8.h; five or seven: nk_steps_s8.h. */
#define NK_HALVES_GENERAL 3
#define NK_HALVES_WORDS 7

/* n inputs of two pixels, whose inputs lie `step_..` apart, into every `pairs`th word. */
static inline void nk_pack_halves(const int8_t *a, const int8_t *b, int32_t step_a, int32_t step_b, int32_t n,
                                  uint32_t *to, int32_t pairs) {
  for (; n > 0; n--, a += step_a, b += step_b, to += pairs) *to = (uint32_t)*a + ((uint32_t)*b << 16);
}

/* The same for inputs that lie side by side. */
static inline void nk_pack_halves_run(const int8_t *a, const int8_t *b, int32_t n, uint32_t *to,
                                      int32_t pairs) {
  for (; n >= 4; n -= 4, a += 4, b += 4, to += 4 * pairs) {
    to[0] = (uint32_t)a[0] + ((uint32_t)b[0] << 16);
    to[pairs] = (uint32_t)a[1] + ((uint32_t)b[1] << 16);
    to[2 * pairs] = (uint32_t)a[2] + ((uint32_t)b[2] << 16);
    to[3 * pairs] = (uint32_t)a[3] + ((uint32_t)b[3] << 16);
  }
  nk_pack_halves(a, b, 1, 1, n, to, pairs);
}

/* One row of the windows of two pixels, some taps of which may lie outside the image. */
static inline void nk_halves_border(const int8_t *x, const int32_t iy[2], const int32_t ix[2], uint32_t *to,
                                    int32_t pairs, const nk_halves_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  for (int32_t j = 0; j < a->kernel_w; j++, to += pairs * a->in_c) {
    const int8_t *from[2];
    int32_t step[2];
    for (int32_t p = 0; p < 2; p++) {
      const int32_t there = (uint32_t)iy[p] < (uint32_t)a->in_h && (uint32_t)(ix[p] + j) < (uint32_t)a->in_w;
      from[p] = there ? x + (iy[p] * a->in_w + ix[p] + j) * a->in_c : &outside;
      step[p] = there;
    }
    nk_pack_halves(from[0], from[1], step[0], step[1], a->in_c, to, pairs);
  }
}

/* The windows of two pixels; iy and ix are where their first taps lie. */
static inline void nk_halves_window(const int8_t *x, int32_t iy[2], const int32_t ix[2], uint32_t *to,
                                    int32_t pairs, const nk_halves_args *a) {
  const int32_t run = a->kernel_w * a->in_c, right = a->in_w - a->kernel_w;
  const int32_t along = ix[0] >= 0 && ix[0] <= right && ix[1] >= 0 && ix[1] <= right;
  for (int32_t i = 0; i < a->kernel_h; i++, to += pairs * run, iy[0]++, iy[1]++) {
    if (along && (uint32_t)iy[0] < (uint32_t)a->in_h && (uint32_t)iy[1] < (uint32_t)a->in_h) {
      nk_pack_halves_run(x + (iy[0] * a->in_w + ix[0]) * a->in_c, x + (iy[1] * a->in_w + ix[1]) * a->in_c,
                         run, to, pairs);
    } else {
      nk_halves_border(x, iy, ix, to, pairs, a);
    }
  }
}

static inline int8_t nk_halves_value(uint32_t sum, const int32_t *scale, int32_t stride,
                                     const nk_halves_args *a) {
  if (stride == NK_HALVES_GENERAL) {
    const int32_t scaled = nk_scale_fixed(nk_wrapping_add((int32_t)sum, scale[0]), scale[1], scale[2]);
    return (int8_t)(nk_clamp(scaled, a->low, a->high) + a->y_zero);
  }
  if (stride == NK_LINE || stride == NK_LINES) {
    return (int8_t)nk_line_value(sum + (uint32_t)scale[0], scale, stride);
  }
  return (int8_t)nk_step((int32_t)sum, scale, stride, a->shift);
}

/* Stored values of n pixels of a channel from words of two sums. Where they came in pieces the words have run
   over, and `upper` has the second sums. */
static inline void nk_halves_channel(const uint32_t *words, const uint32_t *upper, int32_t n,
                                     const int32_t *scale, int8_t *y, int32_t stride,
                                     const nk_halves_args *a) {
  /* Stores of bytes could change what `scale` points to, for all the compiler knows. */
  int32_t own[NK_HALVES_WORDS];
  const int32_t channels = a->channels;
  for (int32_t i = 0; i < stride; i++) own[i] = scale[i];
  for (; n > 0; n -= 2, y += 2 * channels) {
    const uint32_t word = *words++;
    const uint32_t second = upper != NULL ? *upper++ : word >> 16;
    y[0] = nk_halves_value(word - (second << 16), own, stride, a);
    if (n > 1) y[channels] = nk_halves_value(second, own, stride, a);
  }
}

/* Sums of a few channels from the columns, a word for two pixels, channel by channel; their weights begin at
   unit `at`. The columns are cut where half a word could be full: then `upper` has the sums of upper halves.
 */
static inline int32_t nk_halves_sums(const uint32_t *columns, const void *w, int32_t at, uint32_t *sums,
                                     uint32_t *upper, int32_t bits, int32_t wide, const nk_halves_args *a) {
  const int32_t pairs = wide ? 4 : 3, words = wide ? 16 : 6;
  for (int32_t k = 0; k < a->depth; k += a->cut) {
    const int32_t n = nk_min(a->cut, a->depth - k);
    uint32_t piece[16];
    uint32_t *const t = k > 0 ? piece : sums;
    if (wide) {
      nk_dot_eights(columns + pairs * k, (const int32_t *)w + at, n, t, bits);
      at += n * bits >> 3;
    } else {
      nk_dot_halves(columns + pairs * k, w, at, n, t, bits);
      at += n >> 2;
    }
    if (k > 0) {
      for (int32_t i = 0; i < words; i++) sums[i] += t[i], upper[i] += t[i] >> 16;
    } else if (a->cut < a->depth) {
      for (int32_t i = 0; i < words; i++) upper[i] = t[i] >> 16;
    }
  }
  return at;
}

/* `whole` pixels of all channels from the columns. */
static inline void nk_halves_store(const uint32_t *columns, const void *w, const int32_t *scales, int8_t *y,
                                   int32_t whole, int32_t bits, int32_t wide, const nk_halves_args *a) {
  const int32_t channels = a->channels, pairs = wide ? 4 : 3, lanes = wide ? 4 : 2;
  for (int32_t first = 0, at = 0; first < channels; first += lanes) {
    uint32_t sums[16], upper[16];
    at = nk_halves_sums(columns, w, at, sums, upper, bits, wide, a);
    const uint32_t *second = a->cut < a->depth ? upper : NULL;
    const int32_t there = nk_min(lanes, channels - first);
    for (int32_t c = 0; c < pairs * there; c += pairs, scales += a->stride, y++) {
      if (a->stride == NK_LINE && second == NULL) {
        nk_halves_channel(sums + c, NULL, whole, scales, y, NK_LINE, a);
      } else if (a->stride == NK_LINE) {
        nk_halves_channel(sums + c, second, whole, scales, y, NK_LINE, a);
      } else if (a->stride == NK_STEPS_EVEN) {
        nk_halves_channel(sums + c, second, whole, scales, y, NK_STEPS_EVEN, a);
      } else {
        nk_halves_channel(sums + c, second, whole, scales, y, a->stride, a);
      }
      if (second != NULL) second += pairs;
    }
  }
}

/* The columns of inputs that only fill up the last four. */
static inline void nk_halves_fill(uint32_t *columns, int32_t pairs, const nk_halves_args *a) {
  memset(columns + pairs * (a->depth - 3), 0, 12 * (size_t)pairs);
}

/* One image of a convolution. */
static inline void nk_halves_conv(const int8_t *x, const void *w, const int32_t *scales, int8_t *y,
                                  uint32_t *columns, int32_t bits, int32_t wide, const nk_halves_args *a) {
  const int32_t pairs = wide ? 4 : 3;
  int32_t oy = 0;
  int32_t ox = 0;
  nk_halves_fill(columns, pairs, a);
  for (int32_t left = a->pixels; left > 0; left -= 2 * pairs, y += 2 * pairs * a->channels) {
    const int32_t whole = nk_min(left, 2 * pairs);
    for (int32_t p = 0; p < 2 * pairs; p += 2) {
      int32_t rows[2], places[2];
      for (int32_t i = 0; i < 2; i++) {
        rows[i] = oy * a->stride_h - a->pad_h;
        places[i] = ox * a->stride_w - a->pad_w;
        /* A pixel that is not there is computed as the last one, and not stored. */
        if (p + i < whole - (left == whole) && ++ox == a->out_w) ox = 0, oy++;
      }
      nk_halves_window(x, rows, places, columns + (p >> 1), pairs, a);
    }
    nk_halves_store(columns, w, scales, y, whole, bits, wide, a);
  }
}

/* All pixels of a convolution with a window of one pixel. */
static inline void nk_halves_pointwise(const int8_t *x, const void *w, const int32_t *scales, int8_t *y,
                                       uint32_t *columns, int32_t bits, int32_t wide,
                                       const nk_halves_args *a) {
  const int32_t pairs = wide ? 4 : 3, depth = a->in_c;
  nk_halves_fill(columns, pairs, a);
  for (int32_t left = a->pixels; left > 0; left -= 2 * pairs) {
    const int32_t whole = nk_min(left, 2 * pairs);
    for (int32_t p = 0; p < 2 * pairs; p += 2) {
      const int8_t *const first = x + nk_min(p, whole - 1) * depth;
      nk_pack_halves_run(first, x + nk_min(p + 1, whole - 1) * depth, depth, columns + (p >> 1), pairs);
    }
    nk_halves_store(columns, w, scales, y, whole, bits, wide, a);
    x += 2 * pairs * depth;
    y += 2 * pairs * a->channels;
  }
}

#endif
