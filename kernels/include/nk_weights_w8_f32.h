/* Float sums with weights that lie in flash as int8 numbers: a weight is float(integer) times its channel's
   scale, rounded once, which is the very float32 weight of the graph (the build proves it). Interleaved by
   four channels as in nk_dot_f32.h; each output adds up its products in order. */
#ifndef NK_WEIGHTS_W8_F32_H
#define NK_WEIGHTS_W8_F32_H

#include "nk_tile_f32.h"

/* One row times four channels: acc[0..3] += sum of x * w over n elements. */
static inline void nk_w8_dot4_f32(float acc[4], const float *x, const int8_t *w, const float *s, int32_t n) {
  const float s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3];
  float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (; n > 0; n--, w += 4) {
    const float v = *x++;
    const float w0 = (float)w[0] * s0, w1 = (float)w[1] * s1, w2 = (float)w[2] * s2, w3 = (float)w[3] * s3;
    NK_PRODUCTS4(a0, a1, a2, a3, v, w0, w1, w2, w3);
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

/* One row times one channel. */
static inline float nk_w8_dot_f32(float acc, const float *x, const int8_t *w, float s, int32_t n) {
  for (; n > 0; n--) {
    const float weight = (float)*w++ * s;
    acc += *x++ * weight;
  }
  return acc;
}

/* Rows `step` elements apart, times four channels, onto sums that start at 0: acc[4 * row + channel]. */
static inline void nk_w8_tile4_f32(float acc[16], const float *x, int32_t step, const int8_t *w,
                                   const float *s, int32_t n) {
  const float *const x1 = x + step;
  const float *const x2 = x + 2 * step;
  const float *const x3 = x + 3 * step;
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F, b0 = 0.0F, b1 = 0.0F, b2 = 0.0F, b3 = 0.0F;
  float c0 = 0.0F, c1 = 0.0F, c2 = 0.0F, c3 = 0.0F, d0 = 0.0F, d1 = 0.0F, d2 = 0.0F, d3 = 0.0F;
  for (int32_t i = 0; i < n; i++, w += 4) {
    const float w0 = (float)w[0] * s[0], w1 = (float)w[1] * s[1];
    const float w2 = (float)w[2] * s[2], w3 = (float)w[3] * s[3];
    const float xa = x[i], xb = x1[i], xc = x2[i], xd = x3[i];
    NK_PRODUCTS4(a0, a1, a2, a3, xa, w0, w1, w2, w3);
    NK_PRODUCTS4(b0, b1, b2, b3, xb, w0, w1, w2, w3);
    NK_PRODUCTS4(c0, c1, c2, c3, xc, w0, w1, w2, w3);
    NK_PRODUCTS4(d0, d1, d2, d3, xd, w0, w1, w2, w3);
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
  acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
  acc[8] = c0, acc[9] = c1, acc[10] = c2, acc[11] = c3;
  acc[12] = d0, acc[13] = d1, acc[14] = d2, acc[15] = d3;
}

/* `rows` rows, up to four, times all channels. */
static inline void nk_w8_rows_f32(const float *x, const int8_t *w, const float *s, const float *bias,
                                  float *y, int32_t rows, const nk_matrix_f32_args *a) {
  int32_t c = 0;
  for (; c + 4 <= a->channels; c += 4, w += 4 * a->depth) {
    float acc[16] = {0.0F};
    if (rows == 4) {
      nk_w8_tile4_f32(acc, x, a->depth, w, s + c, a->depth);
    } else {
      for (int32_t r = 0; r < rows; r++) nk_w8_dot4_f32(acc + 4 * r, x + r * a->depth, w, s + c, a->depth);
    }
    for (int32_t r = 0; r < rows; r++) {
      nk_finish_f32(acc + 4 * r, bias + c, y + r * a->channels + c, 4, a->low, a->high);
    }
  }
  for (; c < a->channels; c++, w += a->depth) {
    for (int32_t r = 0; r < rows; r++) {
      const float sum = nk_w8_dot_f32(0.0F, x + r * a->depth, w, s[c], a->depth);
      y[r * a->channels + c] = nk_within_f32(sum + bias[c], a->low, a->high);
    }
  }
}

/* Four channels, or one, at one pixel of a convolution. */
static inline void nk_w8_patch4_f32(float acc[4], const float *x, const int8_t *w, const float *s,
                                    const nk_patch *p) {
  int32_t xr = p->x_first;
  int32_t wr = 4 * p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += 4 * p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      nk_w8_dot4_f32(acc, x + xr + run * p->x_run, w + wr + 4 * run * p->w_run, s, p->length);
    }
  }
}

static inline float nk_w8_patch_f32(const float *x, const int8_t *w, float s, const nk_patch *p) {
  float acc = 0.0F;
  int32_t xr = p->x_first;
  int32_t wr = p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      acc = nk_w8_dot_f32(acc, x + xr + run * p->x_run, w + wr + run * p->w_run, s, p->length);
    }
  }
  return acc;
}

#endif
