/* LOGICAL_AND and LOGICAL_OR: any broadcast of up to six dimensions. */
#include <stdbool.h>

#include "nk_elementwise.h"
#include "nk_kernels.h"
#include "nk_relations.h"

NK_KERNEL void nk_logic_broadcast_bool(const bool *x0, const bool *x1, const int32_t *walk, bool *y,
                                       const nk_relation_args *a) {
  nk_walk w = {0};
  for (int32_t row = 0; row < a->rows; row++) {
    const bool *p0 = x0 + w.start_0;
    const bool *p1 = x1 + w.start_1;
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_logic_of(*p0, *p1, a->relation);
      p0 += a->step_0;
      p1 += a->step_1;
    }
    nk_next_row(&w, walk);
  }
}
