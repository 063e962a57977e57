/* CAST, int32 to bool. */
#include <stdbool.h>

#include "nk_kernels.h"

NK_KERNEL void nk_cast_s32_bool(const int32_t *x, bool *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = x[i] != 0;
  }
}
