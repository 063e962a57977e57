/* MUL, int8, for cores with Helium: equal shapes, or one operand repeated along the leading or the trailing
   dimensions. Eight products at a time, even and odd ones in a vector each. */
#include "nk_kernels.h"
#include "nk_mve.h"

#if defined(__ARM_FEATURE_MVE)

/* One product vector to the output's scale. */
static inline int32x4_t nk_mve_product(int32x4_t v, const nk_mul_args *a) {
  v = vqrdmulhq_n_s32(v, a->multiplier);
  return vrshlq_n_s32(vqaddq_s32(v, vshrq_n_s32(v, 31)), a->shift);
}

static inline int16x8_t nk_mve_products(int16x8_t x0, int16x8_t x1, const nk_mul_args *a) {
  x0 = vaddq_n_s16(x0, (int16_t)a->offset_0);
  x1 = vaddq_n_s16(x1, (int16_t)a->offset_1);
  int16x8_t y = vqmovnbq_s32(vuninitializedq_s16(), nk_mve_product(vmullbq_int_s16(x0, x1), a));
  y = vqmovntq_s32(y, nk_mve_product(vmulltq_int_s16(x0, x1), a));
  y = vqaddq_n_s16(y, (int16_t)a->offset);
  y = vmaxq_s16(y, vdupq_n_s16((int16_t)a->clamp_low));
  return vminq_s16(y, vdupq_n_s16((int16_t)a->clamp_high));
}

/* n elements; an operand with step 0 stays the same. */
static inline void nk_mve_mul_row(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t n,
                                  const nk_mul_args *a) {
  const int16x8_t same_0 = vdupq_n_s16(*x0);
  const int16x8_t same_1 = vdupq_n_s16(*x1);
  const int32_t both = a->step_0 == 1 && a->step_1 == 1;
  for (; both && n >= 8; n -= 8, x0 += 8, x1 += 8, y += 8) {
    vstrbq_s16(y, nk_mve_products(vldrbq_s16(x0), vldrbq_s16(x1), a));
  }
  for (; n > 0; n -= 8, x0 += 8 * a->step_0, x1 += 8 * a->step_1, y += 8) {
    const mve_pred16_t there = vctp16q((uint32_t)n);
    const int16x8_t v0 = a->step_0 == 1 ? vldrbq_z_s16(x0, there) : same_0;
    const int16x8_t v1 = a->step_1 == 1 ? vldrbq_z_s16(x1, there) : same_1;
    vstrbq_p_s16(y, nk_mve_products(v0, v1, a), there);
  }
}

#else

static inline void nk_mve_mul_row(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t n,
                                  const nk_mul_args *a) {
  for (; n > 0; n--, x0 += a->step_0, x1 += a->step_1, y++) {
    const int32_t product = (*x0 + a->offset_0) * (*x1 + a->offset_1);
    const int32_t scaled = nk_mve_scaled1(product, a->multiplier, a->shift, 1) + a->offset;
    *y = (int8_t)nk_clamp(scaled, a->clamp_low, a->clamp_high);
  }
}

#endif

NK_KERNEL void nk_mul_s8_mve(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_mul_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    nk_mve_mul_row(x0, x1, y, a->inner, a);
    x0 += a->inner * a->step_0 + a->jump_0;
    x1 += a->inner * a->step_1 + a->jump_1;
    y += a->inner;
  }
}
