/* Float sums with weights that lie in flash as numbers of four or two bits, as in nk_weights_w8_f32.h: a
   weight is float(number) times its channel's scale. A quad holds an input's weights of four channels, 16
   bits of it or 8, the first channel's lowest; the last channels of a group are filled up to four, and so are
   the scales. */
#ifndef NK_WEIGHTS_PACKED_F32_H
#define NK_WEIGHTS_PACKED_F32_H

#include "nk_tile_f32.h"

/* Quad number `at`; `w` may hold quads of either size. */
static inline uint32_t nk_quad(const void *w, int32_t at, int32_t bits) {
  return bits == 4 ? (uint32_t)((const uint16_t *)w)[at] : (uint32_t)((const uint8_t *)w)[at];
}

static inline float nk_quad_weight(uint32_t quad, int32_t c, float scale, int32_t bits) {
  return (float)((int32_t)(quad << (32 - bits * (c + 1))) >> (32 - bits)) * scale;
}

#define NK_QUAD_WEIGHTS(w, at, s, bits)                      \
  const uint32_t nk_four = nk_quad(w, at, bits);             \
  const float w0 = nk_quad_weight(nk_four, 0, (s)[0], bits); \
  const float w1 = nk_quad_weight(nk_four, 1, (s)[1], bits); \
  const float w2 = nk_quad_weight(nk_four, 2, (s)[2], bits); \
  const float w3 = nk_quad_weight(nk_four, 3, (s)[3], bits)

/* One row times four channels: acc[0..3] += sum of x * w over n elements, from quad number `at` on. */
static inline void nk_quads_dot_f32(float acc[4], const float *x, const void *w, int32_t at, const float *s,
                                    int32_t n, int32_t bits) {
  const float scale[4] = {s[0], s[1], s[2], s[3]};
  float a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];
  for (const int32_t end = at + n; at < end; at++) {
    const float v = *x++;
    NK_QUAD_WEIGHTS(w, at, scale, bits);
    NK_PRODUCTS4(a0, a1, a2, a3, v, w0, w1, w2, w3);
  }
  acc[0] = a0, acc[1] = a1, acc[2] = a2, acc[3] = a3;
}

/* Rows `step` elements apart, times four channels, onto sums that start at 0: acc[4 * row + channel]. */
static inline void nk_quads_tile_f32(float acc[16], const float *x, int32_t step, const void *w, int32_t at,
                                     const float *s, int32_t n, int32_t bits) {
  const float *const x1 = x + step;
  const float *const x2 = x + 2 * step;
  const float *const x3 = x + 3 * step;
  float a0 = 0.0F, a1 = 0.0F, a2 = 0.0F, a3 = 0.0F, b0 = 0.0F, b1 = 0.0F, b2 = 0.0F, b3 = 0.0F;
  float c0 = 0.0F, c1 = 0.0F, c2 = 0.0F, c3 = 0.0F, d0 = 0.0F, d1 = 0.0F, d2 = 0.0F, d3 = 0.0F;
  for (int32_t i = 0; i < n; i++) {
    NK_QUAD_WEIGHTS(w, at + i, s, bits);
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

/* All rows of a matrix product, four at a time. */
static inline void nk_quads_matrix_f32(const float *x, const void *w, const float *scale, const float *bias,
                                       float *y, int32_t bits, const nk_matrix_f32_args *a) {
  for (int32_t left = a->rows; left > 0; left -= 4, x += 4 * a->depth, y += 4 * a->channels) {
    const int32_t rows = left < 4 ? left : 4;
    for (int32_t c = 0, at = 0; c < a->channels; c += 4, at += a->depth) {
      const int32_t lanes = a->channels - c < 4 ? a->channels - c : 4;
      float acc[16] = {0.0F};
      if (rows == 4) {
        nk_quads_tile_f32(acc, x, a->depth, w, at, scale + c, a->depth, bits);
      } else {
        for (int32_t r = 0; r < rows; r++) {
          nk_quads_dot_f32(acc + 4 * r, x + r * a->depth, w, at, scale + c, a->depth, bits);
        }
      }
      for (int32_t r = 0; r < rows; r++) {
        nk_finish_f32(acc + 4 * r, bias + c, y + r * a->channels + c, lanes, a->low, a->high);
      }
    }
  }
}

/* Four channels at one pixel of a convolution; their quads begin at number `at`. */
static inline void nk_quads_patch_f32(float acc[4], const float *x, const void *w, int32_t at, const float *s,
                                      const nk_patch *p, int32_t bits) {
  int32_t xr = p->x_first;
  int32_t wr = at + p->w_first;
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, wr += p->w_row) {
    for (int32_t run = 0; run < p->runs; run++) {
      nk_quads_dot_f32(acc, x + xr + run * p->x_run, w, wr + run * p->w_run, s, p->length, bits);
    }
  }
}

/* All channels of a group at one pixel, from quad number `at` on; a channel has `size` weights. */
static inline void nk_quads_group_f32(const float *x, const void *w, int32_t at, const float *s,
                                      const float *bias, float *y, const nk_patch *p, int32_t size,
                                      int32_t bits, const nk_conv_2d_args *a) {
  for (int32_t c = 0; c < a->group_out; c += 4, at += size) {
    const int32_t lanes = a->group_out - c < 4 ? a->group_out - c : 4;
    float acc[4] = {0.0F, 0.0F, 0.0F, 0.0F};
    nk_quads_patch_f32(acc, x, w, at, s + c, p, bits);
    nk_finish_f32(acc, bias + c, y + c, lanes, a->low_f32, a->high_f32);
  }
}

/* One image of a convolution, group by group; taps outside the image are left out. */
static inline void nk_quads_conv_f32(const float *x, const void *w, const float *scale, const float *bias,
                                     float *y, int32_t bits, const nk_conv_2d_args *a) {
  const int32_t size = a->kernel_h * a->kernel_w * a->group_in;
  const int32_t line = a->in_w * a->in_c, quads = (a->group_out + 3) >> 2;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t g = 0; g < a->groups; g++, y += a->group_out) {
        nk_quads_group_f32(x + g * a->group_in, w, g * quads * size, scale + 4 * g * quads,
                           bias + g * a->group_out, y, &patch, size, bits, a);
      }
    }
  }
}

/* One channel, of four in a quad, at one pixel of a depthwise convolution; a tap has `quads` quads. */
static inline float nk_quads_depthwise1_f32(const float *x, const void *w, int32_t c, float s,
                                            const nk_patch *p, int32_t quads, int32_t bits) {
  float acc = 0.0F;
  int32_t xr = p->x_first;
  int32_t at = p->w_first * quads + (c >> 2);
  for (int32_t row = p->rows; row > 0; row--, xr += p->x_row, at += p->w_row * quads) {
    for (int32_t run = 0; run < p->runs; run++) {
      const float weight = nk_quad_weight(nk_quad(w, at + run * quads, bits), c & 3, s, bits);
      acc += x[xr + run * p->x_run] * weight;
    }
  }
  return acc;
}

/* One image of a depthwise convolution with multiplier 1. */
static inline void nk_quads_depthwise_f32(const float *x, const void *w, const float *scale,
                                          const float *bias, float *y, int32_t bits,
                                          const nk_conv_2d_args *a) {
  const int32_t channels = a->in_c, line = a->in_w * a->in_c, quads = (a->in_c + 3) >> 2;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, a->dilation_h, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, a->dilation_w, a->kernel_w, a->in_w);
      const nk_patch patch =
          nk_conv_patch(rows, columns, line, a->in_c, a->group_in, a->kernel_w, a->dilation_h, a->dilation_w);
      for (int32_t c = 0; c < channels; c++) {
        const float sum = nk_quads_depthwise1_f32(x + c, w, c, scale[c], &patch, quads, bits);
        *y++ = nk_within_f32(sum + bias[c], a->low_f32, a->high_f32);
      }
    }
  }
}

#endif
