/* DEPTHWISE_CONV_2D with multiplier 1, int8, on cores without SIMD: three output rows of a channel at a time,
   a third of the image apart, by two 32-bit multiplications for every three products (nk_triples_s8.h). The
   input rows under the window are packed into a ring of `slots` rows of `width` triples; outside the image
   they hold the zero point. Where the ring has room for all rows of a channel they are packed before an
   output of it is written, so that the output may take the input's place. Weights are channels x kernel_h x
   kernel_w. */
#include "nk_kernels.h"
#include "nk_steps_s8.h"
#include "nk_triple_parts.h"

/* Packs the input rows iy, iy + third_in and iy + 2 * third_in of a channel into a row of the ring, between
   its ends that stay at the zero point. */
static inline void nk_ring_fill(const int8_t *x, int32_t iy, uint32_t *ring,
                                const nk_depthwise_triples_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  const int8_t *row[3] = {&outside, &outside, &outside};
  int32_t step[3] = {0, 0, 0};
  for (int32_t i = 0; i < 3; i++, iy += a->third_in) {
    if ((uint32_t)iy < (uint32_t)a->in_h) row[i] = x + iy * a->in_line, step[i] = a->channels;
  }
  nk_pack_triples(row[0], row[1], row[2], step[0], step[1], step[2], a->inside, ring + 2 * a->pad_w);
}

/* Where the stored values of a channel go: the second and third row of outputs lie that far behind the first.
   One that is not there is written first, in the place of one that is. */
typedef struct nk_three_outputs {
  int8_t *y;
  int32_t second;
  int32_t third;
} nk_three_outputs;

static inline void nk_store_triple(uint32_t first, uint32_t second, const int32_t *scale,
                                   const nk_three_outputs *to, int8_t *y, int32_t stride, int32_t shift) {
  uint32_t v[3];
  nk_part_triple(first, second, v);
  nk_step3(v, scale, stride, shift);
  y[to->third] = (int8_t)v[2];
  y[to->second] = (int8_t)v[1];
  *y = (int8_t)v[0];
}

#define NK_TAP(row, j, w)                    \
  do {                                       \
    s += (uint32_t)(w) * (row)[2 * (j)];     \
    t += (uint32_t)(w) * (row)[2 * (j) + 1]; \
  } while (0)

/* Three rows of outputs under windows of 3 x 3, whose input rows are r0, r1, r2. */
static inline void nk_ring_3x3(const uint32_t *r0, const uint32_t *r1, const uint32_t *r2, const int8_t *w,
                               const int32_t *scale, nk_three_outputs to,
                               const nk_depthwise_triples_args *a) {
  const int32_t stride = a->stride, shift = a->shift, channels = a->channels;
  const int32_t move = 2 * a->stride_w;
  const int32_t k0 = w[0], k1 = w[1], k2 = w[2], k3 = w[3], k4 = w[4], k5 = w[5], k6 = w[6], k7 = w[7],
                k8 = w[8];
  int8_t *y = to.y;
  for (int32_t n = a->out_w; n > 0; n--, y += channels, r0 += move, r1 += move, r2 += move) {
    uint32_t s = 0, t = 0;
    NK_TAP(r0, 0, k0);
    NK_TAP(r0, 1, k1);
    NK_TAP(r0, 2, k2);
    NK_TAP(r1, 0, k3);
    NK_TAP(r1, 1, k4);
    NK_TAP(r1, 2, k5);
    NK_TAP(r2, 0, k6);
    NK_TAP(r2, 1, k7);
    NK_TAP(r2, 2, k8);
    nk_store_triple(s, t, scale, &to, y, stride, shift);
  }
}

/* Three rows of outputs under windows of any size; `first` is the ring's row of the window's first. */
static inline void nk_ring_any(const uint32_t *ring, int32_t first, const int8_t *weights,
                               const int32_t *scale, nk_three_outputs to,
                               const nk_depthwise_triples_args *a) {
  const int32_t stride = a->stride, move = 2 * a->dilation_w;
  int8_t *y = to.y;
  for (int32_t at = 0; at < a->out_w * a->stride_w; at += a->stride_w, y += a->channels) {
    const int8_t *w = weights;
    int32_t row = first;
    uint32_t s = 0, t = 0;
    for (int32_t i = a->kernel_h; i > 0; i--) {
      const uint32_t *x = ring + 2 * (row * a->width + at);
      for (int32_t j = a->kernel_w; j > 0; j--, x += move, w++) NK_TAP(x, 0, *w);
      row += a->dilation_h;
      if (row >= a->slots) row -= a->slots;
    }
    nk_store_triple(s, t, scale, &to, y, stride, a->shift);
  }
}

/* A channel; x, w, scale and y stand at it. */
static inline void nk_ring_channel(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y,
                                   uint32_t *ring, const nk_depthwise_triples_args *a) {
  const int32_t line = 2 * a->width, apart = a->third_out * a->out_line, slots = a->slots;
  int32_t top = 0, first = 0, filled = 0, slot = 0;
  for (int32_t oy = 0; oy < a->third_out; oy++, y += a->out_line) {
    for (const int32_t end = nk_min(top + slots, a->rows); filled < end; filled++) {
      if (filled >= top) nk_ring_fill(x, filled - a->pad_h, ring + slot * line, a);
      if (++slot == slots) slot = 0;
    }
    const nk_three_outputs to = {.y = y,
                                 .second = oy + a->third_out < a->out_h ? apart : 0,
                                 .third = oy + 2 * a->third_out < a->out_h ? 2 * apart : 0};
    if (a->small) {
      const uint32_t *const r0 = ring + first * line;
      const uint32_t *const r1 = first + 1 < slots ? r0 + line : ring;
      nk_ring_3x3(r0, r1, ring + (first + 2 < slots ? first + 2 : first + 2 - slots) * line, w, scale, to, a);
    } else {
      nk_ring_any(ring, first, w, scale, to, a);
    }
    top += a->stride_h;
    for (first += a->stride_h; first >= slots;) first -= slots;
  }
}

NK_KERNEL void nk_depthwise_conv_2d_s8_triples(const int8_t *x, const int8_t *w, const int32_t *scales,
                                               int8_t *y, void *scratch, const nk_depthwise_triples_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  nk_pack_triples(&outside, &outside, &outside, 0, 0, 0, a->slots * a->width, scratch);
  for (int32_t c = 0; c < a->channels; c++, x++, y++, scales += a->stride, w += a->kernel_h * a->kernel_w) {
    nk_ring_channel(x, w, scales, y, scratch, a);
  }
}
