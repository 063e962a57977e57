/* MEAN and SUM, float32: added up in memory order, divided once. */
#include "nk_kernels.h"

/* Sum of the elements that make one output, first to last: the order decides the rounding. */
static inline float nk_sum_f32(const float *x, const nk_reduce_sum_f32_args *a) {
  float sum = a->start;
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const float *row = x + i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        sum += row[k * a->reduced_step[2]];
      }
    }
  }
  return sum;
}

NK_KERNEL void nk_reduce_sum_f32(const float *x, float *y, const nk_reduce_sum_f32_args *a) {
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++) {
      const float *row = x + i * a->kept_step[0] + j * a->kept_step[1];
      for (int32_t k = 0; k < a->kept[2]; k++) {
        *y++ = nk_sum_f32(row + k * a->kept_step[2], a) / a->divisor;
      }
    }
  }
}
