/* ADD and SUB, int16 with power-of-two scales: shifts in place of multipliers, equal shapes. */
#include "nk_kernels.h"

NK_KERNEL void nk_add_pot_s16(const int16_t *x0, const int16_t *x1, int16_t *y, const nk_add_pot_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    const int32_t r0 = nk_rounding_shift_right(x0[i], a->shift_0);
    const int32_t r1 = nk_rounding_shift_right(x1[i], a->shift_1);
    y[i] = (int16_t)nk_clamp(r0 + a->sign_1 * r1, a->clamp_low, a->clamp_high);
  }
}
