/* Matrix products of floats in register tiles of four rows by four channels: eight loads for sixteen
   products. Every output adds up its own products in order, from 0, as nk_dot_f32.h does: a tile shares
   loads, not sums. Weights are interleaved by four channels, element by element; the last few channels lie
   row by row. */
#ifndef NK_TILE_F32_H
#define NK_TILE_F32_H

#include "nk_dot_f32.h"

/* Four sums += x times four weights (NK_EACH4: each its own x). On an Arm FPU a sum may not follow its
   product at once: that costs a cycle more (Arm DDI 0439B, 7.2.3), and the compiler would have it so. */
#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__thumb2__)
#define NK_PRODUCTS4(s0, s1, s2, s3, x, w0, w1, w2, w3)                                                  \
  do {                                                                                                   \
    float nk_p0, nk_p1, nk_p2, nk_p3;                                                                    \
    __asm__(                                                                                             \
        "vmul.f32 %4, %8, %9\n\tvmul.f32 %5, %8, %10\n\t"                                                \
        "vmul.f32 %6, %8, %11\n\tvmul.f32 %7, %8, %12\n\t"                                               \
        "vadd.f32 %0, %0, %4\n\tvadd.f32 %1, %1, %5\n\t"                                                 \
        "vadd.f32 %2, %2, %6\n\tvadd.f32 %3, %3, %7"                                                     \
        : "+t"(s0), "+t"(s1), "+t"(s2), "+t"(s3), "=&t"(nk_p0), "=&t"(nk_p1), "=&t"(nk_p2), "=&t"(nk_p3) \
        : "t"(x), "t"(w0), "t"(w1), "t"(w2), "t"(w3));                                                   \
  } while (0)
#define NK_EACH4(s0, s1, s2, s3, x0, x1, x2, x3, w0, w1, w2, w3)                                         \
  do {                                                                                                   \
    float nk_p0, nk_p1, nk_p2, nk_p3;                                                                    \
    __asm__(                                                                                             \
        "vmul.f32 %4, %8, %12\n\tvmul.f32 %5, %9, %13\n\t"                                               \
        "vmul.f32 %6, %10, %14\n\tvmul.f32 %7, %11, %15\n\t"                                             \
        "vadd.f32 %0, %0, %4\n\tvadd.f32 %1, %1, %5\n\t"                                                 \
        "vadd.f32 %2, %2, %6\n\tvadd.f32 %3, %3, %7"                                                     \
        : "+t"(s0), "+t"(s1), "+t"(s2), "+t"(s3), "=&t"(nk_p0), "=&t"(nk_p1), "=&t"(nk_p2), "=&t"(nk_p3) \
        : "t"(x0), "t"(x1), "t"(x2), "t"(x3), "t"(w0), "t"(w1), "t"(w2), "t"(w3));                       \
  } while (0)
#else
#define NK_EACH4(s0, s1, s2, s3, x0, x1, x2, x3, w0, w1, w2, w3) \
  do {                                                           \
    s0 += (x0) * (w0);                                           \
    s1 += (x1) * (w1);                                           \
    s2 += (x2) * (w2);                                           \
    s3 += (x3) * (w3);                                           \
  } while (0)
#define NK_PRODUCTS4(s0, s1, s2, s3, x, w0, w1, w2, w3) \
  do {                                                  \
    s0 += (x) * (w0);                                   \
    s1 += (x) * (w1);                                   \
    s2 += (x) * (w2);                                   \
    s3 += (x) * (w3);                                   \
  } while (0)
#endif

/* One element of each of four rows, times four channels. */
#define NK_TILE4_STEP(i, v)                                         \
  do {                                                              \
    const float w0 = (v)[0], w1 = (v)[1], w2 = (v)[2], w3 = (v)[3]; \
    const float xa = x[i], xb = x1[i], xc = x2[i], xd = x3[i];      \
    NK_PRODUCTS4(a0, a1, a2, a3, xa, w0, w1, w2, w3);               \
    NK_PRODUCTS4(b0, b1, b2, b3, xb, w0, w1, w2, w3);               \
    NK_PRODUCTS4(c0, c1, c2, c3, xc, w0, w1, w2, w3);               \
    NK_PRODUCTS4(d0, d1, d2, d3, xd, w0, w1, w2, w3);               \
  } while (0)

/* Rows `step` elements apart, times four channels, onto sums that start at 0: acc[4 * row + channel]. */
static inline void nk_tile4_f32(float acc[16], const float *x, int32_t step, const float *w, int32_t n) {
  const float *const x1 = x + step;
  const float *const x2 = x + 2 * step;
  const float *const x3 = x + 3 * step;
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F, b0 = 0.0F, b1 = 0.0F, b2 = 0.0F, b3 = 0.0F;
  float c0 = 0.0F, c1 = 0.0F, c2 = 0.0F, c3 = 0.0F, d0 = 0.0F, d1 = 0.0F, d2 = 0.0F, d3 = 0.0F;
  int32_t i = 0;
  for (; i + 2 <= n; i += 2, w += 8) {
    NK_TILE4_STEP(i, w);
    NK_TILE4_STEP(i + 1, w + 4);
  }
  if (i < n) NK_TILE4_STEP(i, w);
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
  acc[4] = b0, acc[5] = b1, acc[6] = b2, acc[7] = b3;
  acc[8] = c0, acc[9] = c1, acc[10] = c2, acc[11] = c3;
  acc[12] = d0, acc[13] = d1, acc[14] = d2, acc[15] = d3;
}

/* One element of a row, times eight channels. */
#define NK_ROW8_STEP(v, u, t)                                        \
  do {                                                               \
    NK_PRODUCTS4(a0, a1, a2, a3, v, (u)[0], (u)[1], (u)[2], (u)[3]); \
    NK_PRODUCTS4(a4, a5, a6, a7, v, (t)[0], (t)[1], (t)[2], (t)[3]); \
  } while (0)

/* One row times eight channels; `w8` is where the second four channels begin. */
static inline void nk_row8_f32(float acc[8], const float *x, const float *w, const float *w8, int32_t n) {
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F, a4 = 0.0F, a5 = 0.0F, a6 = 0.0F, a7 = 0.0F;
  int32_t i = 0;
  for (; i + 2 <= n; i += 2, w += 8, w8 += 8) {
    NK_ROW8_STEP(x[i], w, w8);
    NK_ROW8_STEP(x[i + 1], w + 4, w8 + 4);
  }
  if (i < n) NK_ROW8_STEP(x[i], w, w8);
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
  acc[4] = a4, acc[5] = a5, acc[6] = a6, acc[7] = a7;
}

/* The taps of a depthwise convolution that lie inside the image at one pixel: `rows` x `runs` of them, in
   steps from one to the next of the image (x_row, x_run) and of the weights (w_row, channels). */
typedef struct nk_taps_f32 {
  int32_t rows;
  int32_t runs;
  int32_t x_row;
  int32_t x_run;
  int32_t w_row;
  int32_t channels;
} nk_taps_f32;

/* Four channels at one pixel. */
static inline void nk_depthwise4_f32(float acc[4], const float *x, const float *w, const nk_taps_f32 *t) {
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F;
  for (int32_t row = t->rows; row > 0; row--, x += t->x_row, w += t->w_row) {
    for (int32_t run = t->runs; run > 0; run--, x += t->x_run, w += t->channels) {
      NK_EACH4(a0, a1, a2, a3, x[0], x[1], x[2], x[3], w[0], w[1], w[2], w[3]);
    }
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

/* Eight channels at one pixel. */
static inline void nk_depthwise8_f32(float acc[8], const float *x, const float *w, const nk_taps_f32 *t) {
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F, a4 = 0.0F, a5 = 0.0F, a6 = 0.0F, a7 = 0.0F;
  for (int32_t row = t->rows; row > 0; row--, x += t->x_row, w += t->w_row) {
    for (int32_t run = t->runs; run > 0; run--, x += t->x_run, w += t->channels) {
      NK_EACH4(a0, a1, a2, a3, x[0], x[1], x[2], x[3], w[0], w[1], w[2], w[3]);
      NK_EACH4(a4, a5, a6, a7, x[4], x[5], x[6], x[7], w[4], w[5], w[6], w[7]);
    }
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
  acc[4] = a4, acc[5] = a5, acc[6] = a6, acc[7] = a7;
}

/* Bias and clamp of a few channels. */
static inline void nk_finish_f32(const float *acc, const float *bias, float *y, int32_t n, float low,
                                 float high) {
  for (int32_t i = 0; i < n; i++) y[i] = nk_within_f32(acc[i] + bias[i], low, high);
}

/* All channels of one row. */
static inline void nk_matrix_row_f32(const float *x, const float *w, const float *bias, float *y,
                                     const nk_matrix_f32_args *a) {
  const int32_t depth = a->depth;
  float acc[8] = {0.0F};
  int32_t left = a->channels;
  for (; left >= 8; left -= 8, w += 8 * depth, bias += 8, y += 8) {
    nk_row8_f32(acc, x, w, w + 4 * depth, depth);
    nk_finish_f32(acc, bias, y, 8, a->low, a->high);
  }
  for (; left >= 4; left -= 4, w += 4 * depth, bias += 4, y += 4) {
    acc[0] = 0.0F, acc[1] = 0.0F, acc[2] = 0.0F, acc[3] = 0.0F;
    nk_dot4_f32(acc, x, w, depth);
    nk_finish_f32(acc, bias, y, 4, a->low, a->high);
  }
  for (; left > 0; left--, w += depth) {
    *y++ = nk_within_f32(nk_dot_f32(0.0F, x, w, depth) + *bias++, a->low, a->high);
  }
}

/* All channels of four rows. */
static inline void nk_matrix_rows4_f32(const float *x, const float *w, const float *bias, float *y,
                                       const nk_matrix_f32_args *a) {
  const int32_t depth = a->depth;
  const int32_t channels = a->channels;
  int32_t left = channels;
  for (; left >= 4; left -= 4, w += 4 * depth, bias += 4, y += 4) {
    float acc[16];
    nk_tile4_f32(acc, x, depth, w, depth);
    for (int32_t r = 0; r < 4; r++) {
      nk_finish_f32(acc + 4 * r, bias, y + r * channels, 4, a->low, a->high);
    }
  }
  for (; left > 0; left--, w += depth, bias++, y++) {
    for (int32_t r = 0; r < 4; r++) {
      const float sum = nk_dot_f32(0.0F, x + r * depth, w, depth);
      y[r * channels] = nk_within_f32(sum + *bias, a->low, a->high);
    }
  }
}

#endif
