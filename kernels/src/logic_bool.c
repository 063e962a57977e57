/* LOGICAL_AND and LOGICAL_OR: equal shapes, or one operand repeated along the leading or the trailing
 * dimensions. */
#include <stdbool.h>

#include "nk_kernels.h"
#include "nk_relations.h"

NK_KERNEL void nk_logic_bool(const bool *x0, const bool *x1, bool *y, const nk_relation_args *a) {
  for (int32_t row = 0; row < a->rows; row++) {
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_logic_of(*x0, *x1, a->relation);
      x0 += a->step_0;
      x1 += a->step_1;
    }
    x0 += a->jump_0;
    x1 += a->jump_1;
  }
}
