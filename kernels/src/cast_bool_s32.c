/* CAST, bool to int32. */
#include <stdbool.h>

#include "nk_kernels.h"

NK_KERNEL void nk_cast_bool_s32(const bool *x, int32_t *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = x[i] ? 1 : 0;
  }
}
