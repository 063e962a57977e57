/* Any function from 8 bits to 8 bits: a table of 256 results, in the order of the inputs' bit patterns. */
#include "nk_kernels.h"

NK_KERNEL void nk_lookup_8(const void *x, const uint8_t *table, void *y, const nk_count_args *a) {
  const uint8_t *from = x;
  uint8_t *to = y;
  for (int32_t i = 0; i < a->count; i++) {
    to[i] = table[from[i]];
  }
}
