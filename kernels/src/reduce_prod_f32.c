/* REDUCE_PROD, float32: multiplied in memory order. */
#include "nk_kernels.h"

/* Product of the elements that make one output. */
static inline float nk_prod_of_f32(const float *x, const nk_reduce_args *a) {
  float product = 1.0F;
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const float *row = x + i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        const float element = row[k * a->reduced_step[2]];
        product = product * element;
      }
    }
  }
  return product;
}

NK_KERNEL void nk_reduce_prod_f32(const float *x, float *y, const nk_reduce_args *a) {
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++) {
      const float *row = x + i * a->kept_step[0] + j * a->kept_step[1];
      for (int32_t k = 0; k < a->kept[2]; k++) {
        *y++ = nk_prod_of_f32(row + k * a->kept_step[2], a);
      }
    }
  }
}
