/* EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL, int32: equal shapes, or one operand repeated
 * along the leading or the trailing dimensions. */
#include <stdbool.h>

#include "nk_kernels.h"
#include "nk_relations.h"

NK_KERNEL void nk_compare_s32(const int32_t *x0, const int32_t *x1, bool *y, const nk_relation_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_compare_s32_of(*x0, *x1, a->relation);
      x0 += a->step_0;
      x1 += a->step_1;
    }
    x0 += a->jump_0;
    x1 += a->jump_1;
  }
}
