/* SELECT_V2, float: any broadcast of up to six dimensions. */
#include <stdbool.h>

#include "nk_kernels.h"
#include "nk_select.h"

NK_KERNEL void nk_select_f32(const bool *c, const float *x0, const float *x1, float *y,
                             const nk_select_args *a) {
  nk_select_place at = {0};
  const int32_t count = a->count[5];
  do {
    for (int32_t i = 0; i < count; i++) {
      const float first = x0[at.first + i * a->step_0[5]];
      const float second = x1[at.second + i * a->step_1[5]];
      *y++ = c[at.condition + i * a->step_c[5]] ? first : second;
    }
  } while (nk_select_next(&at, a));
}
