/* What the element-wise kernels share: the walk over a broadcast, and one element of each operator. */
#ifndef NK_ELEMENTWISE_H
#define NK_ELEMENTWISE_H

#include "nk_args.h"
#include "nk_fixed_point.h"

#define NK_WALK_LEVELS 5

/* Where a row starts in each operand, in elements, and how far every outer loop has come, innermost first. */
typedef struct nk_walk {
  int32_t start_0;
  int32_t start_1;
  int32_t index[NK_WALK_LEVELS];
} nk_walk;

/* On to the next row. `loops` holds NK_WALK_LEVELS times (count, step_0, step_1). */
static inline void nk_next_row(nk_walk *w, const int32_t *loops) {
  for (int32_t level = 0; level < NK_WALK_LEVELS; level++) {
    w->index[level]++;
    if (w->index[level] < loops[0]) {
      w->start_0 += loops[1];
      w->start_1 += loops[2];
      return;
    }
    w->index[level] = 0;
    loops += 3;
  }
}

static inline int32_t nk_add_element(int32_t x0, int32_t x1, const nk_add_args *a) {
  const int32_t unit = (int32_t)(UINT32_C(1) << a->left_shift);
  const int32_t r0 = nk_requantize((x0 + a->offset_0) * unit, a->multiplier_0, a->shift_0);
  const int32_t r1 = nk_requantize((x1 + a->offset_1) * unit, a->multiplier_1, a->shift_1);
  const int32_t sum = nk_requantize(r0 + a->sign_1 * r1, a->multiplier, a->shift);
  return nk_clamp(sum + a->offset, a->clamp_low, a->clamp_high);
}

static inline int32_t nk_mul_element(int32_t x0, int32_t x1, const nk_mul_args *a) {
  const int32_t product = nk_requantize((x0 + a->offset_0) * (x1 + a->offset_1), a->multiplier, a->shift);
  return nk_clamp(product + a->offset, a->clamp_low, a->clamp_high);
}

static inline int32_t nk_prelu_element(int32_t x, int32_t alpha, const nk_prelu_args *a) {
  const int32_t value = x + a->offset_0;
  const int32_t y =
      value >= 0 ? nk_requantize(value, a->multiplier_positive, a->shift_positive)
                 : nk_requantize(value * (alpha + a->offset_1), a->multiplier_negative, a->shift_negative);
  return nk_clamp(y + a->offset, a->clamp_low, a->clamp_high);
}

static inline int32_t nk_rescale_element(int32_t x, const nk_quantize_args *a) {
  const int32_t y = nk_requantize(x + a->offset_x, a->multiplier, a->shift);
  return nk_clamp(y + a->offset_y, a->clamp_low, a->clamp_high);
}

/* round(x / scale) + zero_point, halves away from zero, saturated; a NaN becomes the lowest value. */
static inline int32_t nk_quantize_element(float x, const nk_quantize_f32_args *a) {
  const float q = x / a->scale;
  if (!(q > (float)(a->low - a->zero_point))) {
    return a->low;
  }
  if (q >= (float)(a->high - a->zero_point)) {
    return a->high;
  }
  const int32_t whole = (int32_t)q;
  const float rest = q - (float)whole;
  return a->zero_point + whole + (rest >= 0.5F ? 1 : 0) - (rest <= -0.5F ? 1 : 0);
}

#endif
