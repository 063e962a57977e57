/* Convolution of three pixels at a time on cores without SIMD: two 32-bit multiplications make three products.
   The inputs a, b, c of three pixels share two words, a + c * 2^21 and b + c * 2^11. Multiplied by weights and summed
   modulo 2^32, the words hold A + C * 2^21 and B + C * 2^11. As long as the sums are below 2^20, A can be read from the
   low 21 bits of the first, which leaves the low 11 bits of C; those taken off the second leave B in 22 bits and the
   rest of C above it. Weights: channels by two, then inputs by two: {w00, w10, w01, w11}, channel first. */
#ifndef NK_TRIPLES_S8_H
#define NK_TRIPLES_S8_H

#include <string.h>

#include "nk_args.h"
#include "nk_steps_s8.h"

/* Channels that one walk over the columns serves: the registers of the core decide. */
#if defined(__riscv)
#define NK_TRIPLE_CHANNELS 4
#else
#define NK_TRIPLE_CHANNELS 2
#endif

/* n inputs of three pixels as columns. */
static inline void nk_pack_triples(const int8_t *a, const int8_t *b, const int8_t *c, int32_t n, uint32_t *columns) {
  for (; n > 0; n--) {
    const uint32_t third = (uint32_t)*c++;
    *columns++ = (uint32_t)*a++ + (third << 21);
    *columns++ = (uint32_t)*b++ + (third << 11);
  }
}

/* Sums of products of two channels, {A, B} words of each; n is a multiple of 2. */
static inline void nk_dot_triples2(const uint32_t *x, const int8_t *w, int32_t n, uint32_t t[4]) {
  uint32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0;
  const uint32_t *const end = x + 2 * n;
  for (; x != end; x += 4, w += 4) {
    uint32_t v = (uint32_t)w[0];
    a0 += v * x[0], b0 += v * x[1];
    v = (uint32_t)w[1];
    a1 += v * x[0], b1 += v * x[1];
    v = (uint32_t)w[2];
    a0 += v * x[2], b0 += v * x[3];
    v = (uint32_t)w[3];
    a1 += v * x[2], b1 += v * x[3];
  }
  t[0] = a0, t[1] = b0, t[2] = a1, t[3] = b1;
}

#if NK_TRIPLE_CHANNELS == 4
/* The same for four channels: those of w and those of u. */
static inline void nk_dot_triples4(const uint32_t *x, const int8_t *w, const int8_t *u, int32_t n, uint32_t t[8]) {
  uint32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0, a2 = 0, b2 = 0, a3 = 0, b3 = 0;
  const uint32_t *const end = x + 2 * n;
  for (; x != end; x += 4, w += 4, u += 4) {
    for (int32_t k = 0; k < 2; k++) {
      const uint32_t x0 = x[2 * k], x1 = x[2 * k + 1];
      uint32_t v = (uint32_t)w[2 * k];
      a0 += v * x0, b0 += v * x1;
      v = (uint32_t)w[2 * k + 1];
      a1 += v * x0, b1 += v * x1;
      v = (uint32_t)u[2 * k];
      a2 += v * x0, b2 += v * x1;
      v = (uint32_t)u[2 * k + 1];
      a3 += v * x0, b3 += v * x1;
    }
  }
  t[0] = a0, t[1] = b0, t[2] = a1, t[3] = b1, t[4] = a2, t[5] = b2, t[6] = a3, t[7] = b3;
}
#endif

/* The sums of three pixels. */
typedef struct nk_triple {
  int32_t a;
  int32_t b;
  int32_t c;
} nk_triple;

static inline nk_triple nk_part_triple(uint32_t first, uint32_t second) {
  nk_triple sum;
  sum.a = (int32_t)(first << 11) >> 11;
  const uint32_t c = first - (uint32_t)sum.a;
  const uint32_t rest = second - (c >> 10);
  sum.b = (int32_t)(rest << 10) >> 10;
  sum.c = ((int32_t)(rest - (uint32_t)sum.b) >> 11) + (int32_t)(c >> 21);
  return sum;
}

/* `whole` pixels of all channels from the columns. The columns are cut where sums could grow too large. */
static inline void nk_triples_store(const uint32_t *columns, const int8_t *w, const int32_t *scales, int8_t *y,
                                    int32_t whole, const nk_triples_args *a) {
  const int32_t depth = a->depth, cut = a->cut, channels = a->channels, shift = a->shift, lowest = a->lowest;
  const int32_t stride = a->stride, even = stride == NK_STEPS_EVEN;
  /* A pixel that is not there is written first, in the place of one that is. */
  const int32_t second = whole > 1 ? channels : 0, third = whole > 2 ? 2 * channels : 0;
  for (int32_t left = channels; left > 0; left -= NK_TRIPLE_CHANNELS, w += NK_TRIPLE_CHANNELS * depth) {
    nk_triple sums[NK_TRIPLE_CHANNELS];
    uint32_t t[2 * NK_TRIPLE_CHANNELS];
    for (int32_t k = 0; k < depth; k += cut) {
      const int32_t n = nk_min(cut, depth - k);
#if NK_TRIPLE_CHANNELS == 4
      if (left > 2) {
        nk_dot_triples4(columns + 2 * k, w + 2 * k, w + 2 * (depth + k), n, t);
      } else {
        nk_dot_triples2(columns + 2 * k, w + 2 * k, n, t);
      }
#else
      nk_dot_triples2(columns + 2 * k, w + 2 * k, n, t);
#endif
      for (int32_t i = 0; i < nk_min(left, NK_TRIPLE_CHANNELS); i++) {
        nk_triple sum = nk_part_triple(t[2 * i], t[2 * i + 1]);
        if (k > 0) sum.a += sums[i].a, sum.b += sums[i].b, sum.c += sums[i].c;
        if (k + n < depth) {
          sums[i] = sum;
          continue;
        }
        const uint32_t y0 = nk_step(sum.a, scales, even, shift), y1 = nk_step(sum.b, scales, even, shift);
        const uint32_t y2 = nk_step(sum.c, scales, even, shift);
        scales += stride;
        y[third] = (int8_t)((int32_t)y2 + lowest);
        y[second] = (int8_t)((int32_t)y1 + lowest);
        *y++ = (int8_t)((int32_t)y0 + lowest);
      }
    }
  }
}

#endif
