/* Dot products over the part of an image that one output pixel sees: the core of the convolutions.
   Weights of four output channels are interleaved (element 0 of each, element 1 of each, ...), so that one walk over
   the image feeds four accumulators; the last one to three channels of a group follow one after the other. */
#ifndef NK_PATCH_H
#define NK_PATCH_H

#include <stdint.h>

/* `rows` x `runs` pieces of `length` elements; steps lead from one piece to the next, in elements of the image and of
   one channel's weights (those may be negative: a transposed convolution walks its weights backwards). */
typedef struct nk_patch {
  int32_t rows;
  int32_t runs;
  int32_t length;
  int32_t x_row;
  int32_t x_run;
  int32_t w_row;
  int32_t w_run;
} nk_patch;

/* First tap at or after the image's first element, when tap 0 lies at `origin`. */
static inline int32_t nk_first_tap(int32_t origin, int32_t dilation) {
  int32_t tap = 0;
  for (; origin < 0; origin += dilation) tap++;
  return tap;
}

/* One past the last tap inside an image of `size` elements. */
static inline int32_t nk_end_tap(int32_t origin, int32_t dilation, int32_t kernel, int32_t size) {
  int32_t end = kernel;
  while (end > 0 && origin + (end - 1) * dilation >= size) end--;
  return end;
}

static inline void nk_dot4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t n, int32_t x_zero) {
  int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (; n > 0; n--, w += 4) {
    const int32_t v = *x++ - x_zero;
    a0 += v * w[0];
    a1 += v * w[1];
    a2 += v * w[2];
    a3 += v * w[3];
  }
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = a3;
}

static inline int32_t nk_dot_s8(int32_t acc, const int8_t *x, const int8_t *w, int32_t n, int32_t x_zero) {
  for (; n > 0; n--) acc += (*x++ - x_zero) * *w++;
  return acc;
}

static inline int64_t nk_dot_s16(int64_t acc, const int16_t *x, const int8_t *w, int32_t n) {
  for (; n > 0; n--) acc += (int32_t)*x++ * *w++;
  return acc;
}

static inline void nk_dot4_f32(float acc[4], const float *x, const float *w, int32_t n) {
  float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (; n > 0; n--, w += 4) {
    const float v = *x++;
    a0 += v * w[0];
    a1 += v * w[1];
    a2 += v * w[2];
    a3 += v * w[3];
  }
  acc[0] = a0;
  acc[1] = a1;
  acc[2] = a2;
  acc[3] = a3;
}

static inline float nk_dot_f32(float acc, const float *x, const float *w, int32_t n) {
  for (; n > 0; n--) acc += *x++ * *w++;
  return acc;
}

static inline float nk_clamp_f32(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return high < raised ? high : raised;
}

#endif
