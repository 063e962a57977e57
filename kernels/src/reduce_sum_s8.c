/* MEAN and SUM, int8: the elements' sum, requantised once. */
#include "nk_kernels.h"

/* Sum of the elements that make one output, in 32 bits. */
static inline int32_t nk_sum_s8(const int8_t *x, const nk_reduce_sum_args *a) {
  int32_t sum = 0;
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const int8_t *row = x + i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        sum += row[k * a->reduced_step[2]];
      }
    }
  }
  return sum;
}

NK_KERNEL void nk_reduce_sum_s8(const int8_t *x, int8_t *y, const nk_reduce_sum_args *a) {
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++) {
      const int8_t *row = x + i * a->kept_step[0] + j * a->kept_step[1];
      for (int32_t k = 0; k < a->kept[2]; k++) {
        const int32_t sum = nk_sum_s8(row + k * a->kept_step[2], a) - a->offset;
        const int32_t scaled = nk_requantize(sum, a->multiplier, a->shift) + a->y_zero_point;
        *y++ = (int8_t)nk_clamp(scaled, INT8_MIN, INT8_MAX);
      }
    }
  }
}
