/* MUL, int8: equal shapes, or one operand repeated along the leading or the trailing dimensions. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_mul_s8(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_mul_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = (int8_t)nk_mul_element(*x0, *x1, a);
      x0 += a->step_0;
      x1 += a->step_1;
    }
    x0 += a->jump_0;
    x1 += a->jump_1;
  }
}
