/* EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL, int32: any broadcast of up to six
 * dimensions. */
#include <stdbool.h>

#include "nk_elementwise.h"
#include "nk_kernels.h"
#include "nk_relations.h"

NK_KERNEL void nk_compare_broadcast_s32(const int32_t *x0, const int32_t *x1, const int32_t *walk, bool *y,
                                        const nk_relation_args *a) {
  nk_walk w = {0};
  for (int32_t row = 0; row < a->rows; row++) {
    const int32_t *p0 = x0 + w.start_0;
    const int32_t *p1 = x1 + w.start_1;
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = nk_compare_s32_of(*p0, *p1, a->relation);
      p0 += a->step_0;
      p1 += a->step_1;
    }
    nk_next_row(&w, walk);
  }
}
