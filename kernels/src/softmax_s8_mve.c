/* SOFTMAX over the last dimension, int8, for cores with Helium: exps are gathered from the table (see
   softmax_s8.c) by four. */
#include "nk_kernels.h"
#include "nk_mve.h"
#include "nk_softmax.h"

#if defined(__ARM_FEATURE_MVE)

/* exps of the first n elements of x, 0 for those that are too far below and for those behind the end. */
static inline int32x4_t nk_mve_exps(const int8_t *x, const int32_t *exps, int32_t largest, int32_t entries,
                                    mve_pred16_t there) {
  const int32x4_t below = vsubq_s32(vdupq_n_s32(largest), vldrbq_z_s32(x, there));
  const mve_pred16_t counts = vcmpltq_m_n_s32(below, entries, there);
  return vldrwq_gather_shifted_offset_z_s32(exps, vreinterpretq_u32_s32(below), counts);
}

static inline int32_t nk_mve_largest(const int8_t *x, int32_t n) {
  int32_t largest = INT8_MIN;
  for (; n > 0; n -= 16, x += 16) {
    largest = vmaxvq_p_s8((int8_t)largest, vldrbq_z_s8(x, vctp8q((uint32_t)n)), vctp8q((uint32_t)n));
  }
  return largest;
}

static inline void nk_mve_softmax_row(const int8_t *x, const int32_t *exps, int8_t *y,
                                      const nk_softmax_args *a) {
  const int32_t largest = nk_mve_largest(x, a->depth);
  int32_t sum = 0; /* in 1/2^19 */
  for (int32_t i = 0; i < a->depth; i += 4) {
    const mve_pred16_t there = vctp32q((uint32_t)(a->depth - i));
    sum = vaddvaq_s32(sum, vrshrq_n_s32(nk_mve_exps(x + i, exps, largest, a->entries, there), 12));
  }
  nk_softmax_row r = nk_softmax_of((uint32_t)sum, largest);
  const int32_t exponent = r.bits_over_unit + 31 - 8;
  if (exponent > 31) r.reciprocal = 0; /* everything rounds to 0 */
  for (int32_t i = 0; i < a->depth; i += 4) {
    const mve_pred16_t there = vctp32q((uint32_t)(a->depth - i));
    int32x4_t v = vqrdmulhq_n_s32(nk_mve_exps(x + i, exps, largest, a->entries, there), r.reciprocal);
    v = vrshlq_n_s32(v, -nk_min(exponent, 31));
    vstrbq_p_s32(y + i, vminq_s32(vaddq_n_s32(v, INT8_MIN), vdupq_n_s32(INT8_MAX)), there);
  }
}

#else

static inline void nk_mve_softmax_row(const int8_t *x, const int32_t *exps, int8_t *y,
                                      const nk_softmax_args *a) {
  const nk_softmax_row r = nk_softmax_scan(x, exps, a);
  const int32_t exponent = r.bits_over_unit + 31 - 8;
  const int32_t reciprocal = exponent > 31 ? 0 : r.reciprocal;
  for (int32_t i = 0; i < a->depth; i++) {
    const int32_t below = r.largest - x[i];
    const int32_t exp = below < a->entries ? exps[below] : 0;
    y[i] = nk_mve_narrow1(
        nk_rounding_shift_right(nk_doubling_high_mul(reciprocal, exp), nk_min(exponent, 31)) + INT8_MIN);
  }
}

#endif

NK_KERNEL void nk_softmax_s8_mve(const int8_t *x, const int32_t *exps, int8_t *y, const nk_softmax_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->depth) nk_mve_softmax_row(x, exps, y, a);
}
