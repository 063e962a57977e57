/* SELECT_V2, int8_t: any broadcast of up to six dimensions. */
#include <stdbool.h>

#include "nk_kernels.h"
#include "nk_select.h"

NK_KERNEL void nk_select_s8(const bool *c, const int8_t *x0, const int8_t *x1, int8_t *y,
                            const nk_select_args *a) {
  nk_select_place at = {0};
  const int32_t count = a->count[5];
  do {
    for (int32_t i = 0; i < count; i++) {
      const int8_t first = x0[at.first + i * a->step_0[5]];
      const int8_t second = x1[at.second + i * a->step_1[5]];
      *y++ = c[at.condition + i * a->step_c[5]] ? first : second;
    }
  } while (nk_select_next(&at, a));
}
