/* DEPTHWISE_CONV_2D with multiplier 1 and windows along one axis, int8, on cores with many registers: four
   outputs of a channel at a time, so that each weight and each input is loaded once for four products. No
   padding; the zero point is in what sums start from. Weights are channels x taps. */
#include "nk_high_steps_s8.h"
#include "nk_kernels.h"

/* Four outputs; x stands at the first input of the first. */
static inline void nk_four_windows(const int8_t *x, const int8_t *w, int32_t taps, int32_t step,
                                   int32_t sums[4]) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  int32_t x0 = x[0], x1 = x[step], x2 = x[2 * step];
  x += 3 * step;
  for (; taps >= 4; taps -= 4, w += 4) {
    const int32_t x3 = *x, w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    x += step;
    a += w0 * x0, b += w0 * x1, c += w0 * x2, d += w0 * x3;
    x0 = *x, x += step;
    a += w1 * x1, b += w1 * x2, c += w1 * x3, d += w1 * x0;
    x1 = *x, x += step;
    a += w2 * x2, b += w2 * x3, c += w2 * x0, d += w2 * x1;
    x2 = *x, x += step;
    a += w3 * x3, b += w3 * x0, c += w3 * x1, d += w3 * x2;
  }
  for (; taps > 0; taps--, w++, x += step) {
    const int32_t x3 = *x;
    a += *w * x0, b += *w * x1, c += *w * x2, d += *w * x3;
    x0 = x1, x1 = x2, x2 = x3;
  }
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

static inline int32_t nk_one_window(const int8_t *x, const int8_t *w, int32_t taps, int32_t step) {
  int32_t sum = 0;
  for (; taps > 0; taps--, x += step) sum += *w++ * *x;
  return sum;
}

/* A channel's constants of nk_high_started, out of memory. With one addend everything is above the place of
 * zero. */
typedef struct nk_taps_scale {
  uint32_t start;
  uint32_t multiplier;
  uint32_t below;
  uint32_t zero;
  uint32_t above;
} nk_taps_scale;

static inline int8_t nk_taps_value(int32_t sum, nk_taps_scale s, const nk_taps_args *a) {
  const uint32_t place = (uint32_t)sum + s.start;
  const uint32_t v =
      nk_high_value(place << a->up, s.multiplier, place < s.zero ? s.below : s.above, (uint32_t)a->top);
  return (int8_t)((v >> a->shift) + (uint32_t)a->lowest);
}

/* A channel's outputs, four at a time, then one by one. */
static inline void nk_taps_channel(const int8_t *x, const int8_t *w, const int32_t *scale, int8_t *y,
                                   const nk_taps_args *a) {
  const int32_t step = a->step, out_step = a->out_step, two = a->stride > 3;
  const nk_taps_scale s = {(uint32_t)scale[0], (uint32_t)scale[1], (uint32_t)scale[2],
                           two ? (uint32_t)scale[3] : 0, (uint32_t)scale[two ? 4 : 2]};
  int32_t left = a->outputs;
  for (; left >= 4; left -= 4, x += 4 * step) {
    int32_t sums[4];
    nk_four_windows(x, w, a->taps, step, sums);
    for (int32_t i = 0; i < 4; i++, y += out_step) *y = nk_taps_value(sums[i], s, a);
  }
  for (; left > 0; left--, x += step, y += out_step) {
    *y = nk_taps_value(nk_one_window(x, w, a->taps, step), s, a);
  }
}

NK_KERNEL void nk_depthwise_conv_2d_s8_taps(const int8_t *x, const int8_t *w, const int32_t *scales,
                                            int8_t *y, const nk_taps_args *a) {
  for (int32_t line = 0; line < a->lines; line++, x += a->x_line, y += a->y_line) {
    for (int32_t c = 0; c < a->channels; c++) {
      nk_taps_channel(x + c, w + c * a->taps, scales + c * a->stride, y + c, a);
    }
  }
}
