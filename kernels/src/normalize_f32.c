/* NORMALIZE, float32: groups of elements to mean 0 and variance 1, or to a mean square of 1. */
#include "nk_float_functions.h"
#include "nk_kernels.h"

/* Sum of a group's elements, or of the squares of what they are apart from `mean`. */
static inline float nk_group_sum_f32(const float *x, const nk_normalize_args *a, int32_t squares,
                                     float mean) {
  float sum = 0.0F;
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const float *row = x + i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        const float apart = row[k * a->reduced_step[2]] - mean;
        sum += squares != 0 ? apart * apart : apart;
      }
    }
  }
  return sum;
}

static inline void nk_scale_group_f32(const float *x, float *y, const nk_normalize_args *a, float mean,
                                      float factor) {
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const int32_t row = i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        const int32_t at = row + k * a->reduced_step[2];
        y[at] = (x[at] - mean) * factor;
      }
    }
  }
}

NK_KERNEL void nk_normalize_f32(const float *x, float *y, const nk_normalize_args *a) {
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++) {
      for (int32_t k = 0; k < a->kept[2]; k++) {
        const int32_t at = i * a->kept_step[0] + j * a->kept_step[1] + k * a->kept_step[2];
        const float mean = a->centred != 0 ? nk_group_sum_f32(x + at, a, 0, 0.0F) / a->count : 0.0F;
        const float spread = nk_group_sum_f32(x + at, a, 1, mean) / a->count;
        nk_scale_group_f32(x + at, y + at, a, mean, nk_rsqrtf(spread + a->epsilon));
      }
    }
  }
}
