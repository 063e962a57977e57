/* Any function from 8 bits to float32: a table of 256 results, in the order of the inputs' bit patterns. */
#include "nk_kernels.h"

NK_KERNEL void nk_lookup_8_f32(const void *x, const float *table, float *y, const nk_count_args *a) {
  const uint8_t *from = x;
  for (int32_t i = 0; i < a->count; i++) y[i] = table[from[i]];
}
