/* NORMALIZE, int8, over the last dimensions: a group's elements lie one after the other. */
#include "nk_kernels.h"
#include "nk_normal_s8.h"

NK_KERNEL void nk_normalize_rows_s8(const int8_t *x, int8_t *y, const nk_normal_s8_args *a) {
  for (int32_t group = a->groups; group > 0; group--) {
    int32_t sum = 0;
    int32_t squares = 0;
    for (int32_t i = a->count; i > 0; i--) {
      const int32_t v = *x++;
      sum += v;
      squares += v * v;
    }
    const nk_normal found = nk_normal_of_sums(sum, squares, a);
    const int64_t half = nk_normal_half(found);
    const int8_t *from = x - a->count;
    for (int32_t i = a->count; i > 0; i--) *y++ = nk_normal_element(*from++, found, half, a);
  }
}
