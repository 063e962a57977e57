/* LOGICAL_NOT. */
#include <stdbool.h>

#include "nk_kernels.h"

NK_KERNEL void nk_logical_not(const bool *x, bool *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    y[i] = !x[i];
  }
}
