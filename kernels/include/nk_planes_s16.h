/* int16 depthwise convolutions with a 3x3 window on cores with the DSP extension: the planes and the assembly
   of nk_planes_s8.h, which multiply halfwords whatever they come from. Outputs are halfwords, scaled by
   SMMULR; a channel's block ends with its multiplier and a word that nobody reads. */
#ifndef NK_PLANES_S16_H
#define NK_PLANES_S16_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_halves_s16.h"
#include "nk_planes_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_PLANES_S16_LOAD "ldr r3, [r2, #28]\n"
#define NK_PLANES_S16_STORE "strh"
#define NK_PLANES_S16_BYTES "2"
#define NK_PLANES_S16(r) "smmulr " r ", " r ", r3\n ssat " r ", #16, " r "\n"
#define NK_PLANES_S16_RELU_LOAD NK_PLANES_S16_LOAD
#define NK_PLANES_S16_RELU_STORE "strh"
#define NK_PLANES_S16_RELU_BYTES "2"
#define NK_PLANES_S16_RELU(r) "smmulr " r ", " r ", r3\n usat " r ", #15, " r "\n"
#define NK_PLANES_S16_DEFINE_S1(name) NK_PLANES_S1(name, NK_PLANES_S16)
#define NK_PLANES_S16_DEFINE_S1_RELU(name) NK_PLANES_S1(name, NK_PLANES_S16_RELU)
#define NK_PLANES_S16_DEFINE_S2(name) NK_PLANES_S2(name, NK_PLANES_S16)
#define NK_PLANES_S16_DEFINE_S2_RELU(name) NK_PLANES_S2(name, NK_PLANES_S16_RELU)

#else /* the same in C */

static inline void nk_planes_s16_put(int8_t *y, int32_t acc, const int32_t *block, int32_t low) {
  const int16_t value = nk_scaled_s16(acc, block[7], low);
  memcpy(y, &value, sizeof(value));
}

static inline void nk_planes_s16_rows(const nk_planes *s, int32_t stride, int32_t low) {
  int8_t *y = s->y;
  const int32_t words = (int32_t)(s->end - s->a);
  const int32_t pitch = s->pitch >> 2;
  const int32_t *a = s->a;
  const int32_t *b = s->b;
  for (int32_t left = s->span >> 2; left >= 0; left -= pitch, a += pitch, b += pitch) {
    for (int32_t i = 0; i < words; i += 4 * stride, y += s->step) {
      if (stride == 1) nk_planes_s16_put(y, nk_planes_lower(a + i, b + i, s->block), s->block, low);
      nk_planes_s16_put(stride == 1 ? y - s->row : y, nk_planes_upper(a + i, b + i, s->block), s->block, low);
    }
    y += stride == 1 ? s->row : 0;
  }
}

static inline void nk_planes_s16_channels(nk_planes *s, int32_t stride, int32_t low) {
  for (; s->lanes > 0; s->lanes--) {
    nk_planes_s16_rows(s, stride, low);
    s->y += 2;
    s->threes_end++;
    s->end++;
    s->a++;
    s->b++;
    s->block += NK_PLANES_BLOCK;
  }
}

#define NK_PLANES_S16_DEFINE(name, stride, low) \
  static inline void name(nk_planes *s) { nk_planes_s16_channels(s, stride, low); }
#define NK_PLANES_S16_DEFINE_S1(name) NK_PLANES_S16_DEFINE(name, 1, INT16_MIN)
#define NK_PLANES_S16_DEFINE_S1_RELU(name) NK_PLANES_S16_DEFINE(name, 1, 0)
#define NK_PLANES_S16_DEFINE_S2(name) NK_PLANES_S16_DEFINE(name, 2, INT16_MIN)
#define NK_PLANES_S16_DEFINE_S2_RELU(name) NK_PLANES_S16_DEFINE(name, 2, 0)

#endif

/* Two channels of two rows, one upon the other, as two words of the planes. */
static inline void nk_planes_s16_two(int32_t *planes, uint32_t up, uint32_t down) {
  planes[0] = (int32_t)((up & 0xFFFFU) | (down << 16));
  planes[1] = (int32_t)((down & 0xFFFF0000U) | (up >> 16));
}

/* `n` columns of two rows of four channels; `*_step` elements from a column to the next. */
static inline void nk_planes_s16_take(int32_t *planes, const int16_t *upper, int32_t upper_step,
                                      const int16_t *lower, int32_t lower_step, int32_t n) {
  for (; n > 0; n--, planes += 4, upper += upper_step, lower += lower_step) {
    uint32_t up[2];
    uint32_t down[2];
    memcpy(up, upper, 8);
    memcpy(down, lower, 8);
    nk_planes_s16_two(planes, up[0], down[0]);
    nk_planes_s16_two(planes + 2, up[1], down[1]);
  }
}

/* `count` pair rows of the four channels from x on, the first of them number `p`, into their slots. */
static inline void nk_planes_s16_fill(int32_t *planes, const int16_t *x, int32_t p, int32_t count,
                                      const nk_planes_args *a) {
  static const int16_t zeros[4] = {0, 0, 0, 0};
  const int32_t line = a->in_w * a->channels;
  for (; count > 0; count--, p++) {
    int32_t *const to = planes + 4 * (p % a->slots * a->columns + a->left);
    const int32_t row = 2 * p - a->pad_h;
    const int32_t upper = row >= 0 && row < a->in_h;
    const int32_t lower = row >= -1 && row < a->in_h - 1;
    nk_planes_s16_take(to, upper ? x + row * line : zeros, upper ? a->channels : 0,
                       lower ? x + (row + 1) * line : zeros, lower ? a->channels : 0, a->width);
  }
}

/* Some rows of outputs of a group's channels from `lane` on, the first from pair row `p`. y and block are set
   for the group's first channel. */
static inline void nk_planes_s16_lanes(nk_planes_function *function, nk_planes *s, const int32_t *planes,
                                       int32_t p, int32_t rows, int32_t lane, const nk_planes_args *a) {
  const int32_t slot = 4 * a->columns;
  s->y += 2 * lane;
  s->step = 2 * a->channels;
  s->pitch = 4 * slot;
  s->span = 4 * (rows - 1) * slot;
  s->a = planes + (p % a->slots) * slot + lane;
  s->b = planes + ((p + 1) % a->slots) * slot + lane;
  s->threes_end = s->a + 12 * a->stride * a->threes;
  s->end = s->a + 4 * a->stride * a->out_w;
  s->block += lane * NK_PLANES_BLOCK;
  s->lanes = 4 - lane;
  function(s);
}

/* All of pair rows p .. p + batch: the last row of an odd number is made alone. */
static inline void nk_planes_s16_batch(nk_planes_function *function, const int32_t *planes,
                                       const int32_t *block, int16_t *y, int32_t p, int32_t lane,
                                       const nk_planes_args *a) {
  const int32_t line = a->out_w * a->channels;
  const int32_t odd = a->stride == 1 && 2 * (p + a->batch) > a->out_h;
  const int32_t rows = a->batch - odd;
  nk_planes s = {.zero = 0};
  if (rows > 0) {
    s.y = (int8_t *)(y + (a->stride == 1 ? 2 * p + 1 : p) * line);
    s.row = 2 * line;
    s.block = block;
    nk_planes_s16_lanes(function, &s, planes, p, rows, lane, a);
  }
  if (odd) {
    s.y = (int8_t *)(y + 2 * (p + rows) * line);
    s.row = 0;
    s.block = block;
    nk_planes_s16_lanes(function, &s, planes, p + rows, 1, lane, a);
  }
}

/* As nk_planes_run; what is outside the image stays zero. */
static inline void nk_planes_s16_run(nk_planes_function *function, const int16_t *x, const int32_t *blocks,
                                     int16_t *y, int32_t *planes, const nk_planes_args *a) {
  memset(planes, 0, 16 * (size_t)(a->slots * a->columns));
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_planes_s16_fill(planes, x + first, 0, 1, a);
    for (int32_t p = 0; p < a->pairs; p += a->batch) {
      nk_planes_s16_fill(planes, x + first, p + 1, a->batch, a);
      nk_planes_s16_batch(function, planes, blocks + first * NK_PLANES_BLOCK, y + first, p, c - first, a);
    }
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int16_t)nk_clamp(y[i], a->low, a->high);
}

#endif
