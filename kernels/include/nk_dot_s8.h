/* Dot products of int8 activations and weights, and what becomes of their sums.
   Weights of four output channels are interleaved (element 0 of each, element 1 of each, ...), so that one
   walk over the activations feeds four accumulators; the last one to three channels follow one after the
   other. */
#ifndef NK_DOT_S8_H
#define NK_DOT_S8_H

#include "nk_patch.h"
#include "nk_requantize.h"

/* acc[0..3] += sum of (x - x_zero) * w over n elements. */
static inline void nk_dot4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t n, int32_t x_zero) {
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (; n > 0; n--, w += 4) {
    const int32_t v = *x++ - x_zero;
    a0 += v * w[0];
    a1 += v * w[1];
    a2 += v * w[2];
    a3 += v * w[3];
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

static inline int32_t nk_dot_s8(int32_t acc, const int8_t *x, const int8_t *w, int32_t n, int32_t x_zero) {
  for (; n > 0; n--) acc += (*x++ - x_zero) * *w++;
  return acc;
}

/* How accumulators become stored values: per channel, or with one multiplier for all (step 0). */
typedef struct nk_scaling {
  const int32_t *bias;
  const int32_t *multiplier;
  const int8_t *shift;
  int32_t step;
  int32_t y_zero;
  int32_t low;
  int32_t high;
} nk_scaling;

/* Writes one channel's value and moves on to the next channel. */
static inline void nk_store_s8(int8_t *y, int32_t acc, nk_scaling *s) {
  const int32_t scaled = nk_scale_fixed(nk_wrapping_add(acc, *s->bias), *s->multiplier, *s->shift);
  *y = (int8_t)(nk_clamp(scaled, s->low, s->high) + s->y_zero);
  s->bias++;
  s->multiplier += s->step;
  s->shift += s->step;
}

static inline void nk_patch_dot4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, const nk_patch *p,
                                    int32_t x_zero) {
  int32_t xr = p->x_first;
  int32_t wr = 4 * p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += 4 * p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      nk_dot4_s8(acc, x + xr + run * p->x_run, w + wr + 4 * run * p->w_run, p->length, x_zero);
    }
  }
}

static inline int32_t nk_patch_dot_s8(const int8_t *x, const int8_t *w, const nk_patch *p, int32_t x_zero) {
  int32_t acc = 0;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      acc = nk_dot_s8(acc, x + xr + run * p->x_run, w + wr + run * p->w_run, p->length, x_zero);
    }
  }
  return acc;
}

/* All `channels` of a group at one pixel; `size` weights make a channel. */
static inline void nk_patch_channels_s8(const int8_t *x, const int8_t *w, int8_t *y, const nk_patch *p,
                                        int32_t channels, int32_t size, int32_t x_zero, nk_scaling *s) {
  for (; channels >= 4; channels -= 4, w += 4 * size) {
    int32_t acc[4] = {0, 0, 0, 0};
    nk_patch_dot4_s8(acc, x, w, p, x_zero);
    for (int32_t c = 0; c < 4; c++) nk_store_s8(y++, acc[c], s);
  }
  for (; channels > 0; channels--, w += size) nk_store_s8(y++, nk_patch_dot_s8(x, w, p, x_zero), s);
}

#endif
