/* Dot products of floats, each product added in order; weights interleaved by four channels as in
 * nk_dot_s8.h. */
#ifndef NK_DOT_F32_H
#define NK_DOT_F32_H

#include "nk_float.h"
#include "nk_patch.h"

/* acc[0..3] += sum of x * w over n elements. */
static inline void nk_dot4_f32(float acc[4], const float *x, const float *w, int32_t n) {
  float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (; n > 0; n--, w += 4) {
    const float v = *x++;
    a0 += v * w[0];
    a1 += v * w[1];
    a2 += v * w[2];
    a3 += v * w[3];
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

static inline float nk_dot_f32(float acc, const float *x, const float *w, int32_t n) {
  for (; n > 0; n--) acc += *x++ * *w++;
  return acc;
}

static inline void nk_patch_dot4_f32(float acc[4], const float *x, const float *w, const nk_patch *p) {
  int32_t xr = p->x_first;
  int32_t wr = 4 * p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += 4 * p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      nk_dot4_f32(acc, x + xr + run * p->x_run, w + wr + 4 * run * p->w_run, p->length);
    }
  }
}

static inline float nk_patch_dot_f32(const float *x, const float *w, const nk_patch *p) {
  float acc = 0.0f;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      acc = nk_dot_f32(acc, x + xr + run * p->x_run, w + wr + run * p->w_run, p->length);
    }
  }
  return acc;
}

/* All `channels` of a group at one pixel; `size` weights make a channel. */
static inline void nk_patch_channels_f32(const float *x, const float *w, const float *bias, float *y,
                                         const nk_patch *p, int32_t channels, int32_t size, float low,
                                         float high) {
  for (; channels >= 4; channels -= 4, w += 4 * size) {
    float acc[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    nk_patch_dot4_f32(acc, x, w, p);
    for (int32_t c = 0; c < 4; c++) *y++ = nk_within_f32(acc[c] + *bias++, low, high);
  }
  for (; channels > 0; channels--, w += size) {
    *y++ = nk_within_f32(nk_patch_dot_f32(x, w, p) + *bias++, low, high);
  }
}

#endif
