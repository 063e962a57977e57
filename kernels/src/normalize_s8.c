/* NORMALIZE, int8: groups of elements to mean 0 and variance 1, or to a mean square of 1, in integers. */
#include "nk_kernels.h"
#include "nk_normal_s8.h"

/* Sums of a group and of its squares, and what comes of them. */
static inline nk_normal nk_normal_of(const int8_t *x, const nk_normal_s8_args *n,
                                     const nk_normalize_s8_args *a) {
  int32_t sum = 0;
  int32_t squares = 0;
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const int8_t *row = x + i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        const int32_t v = row[k * a->reduced_step[2]];
        sum += v;
        squares += v * v;
      }
    }
  }
  return nk_normal_of_sums(sum, squares, n);
}

static inline void nk_normal_scale(const int8_t *x, int8_t *y, nk_normal found, const nk_normal_s8_args *n,
                                   const nk_normalize_s8_args *a) {
  const int64_t half = nk_normal_half(found);
  for (int32_t i = 0; i < a->reduced[0]; i++) {
    for (int32_t j = 0; j < a->reduced[1]; j++) {
      const int32_t row = i * a->reduced_step[0] + j * a->reduced_step[1];
      for (int32_t k = 0; k < a->reduced[2]; k++) {
        const int32_t at = row + k * a->reduced_step[2];
        y[at] = nk_normal_element(x[at], found, half, n);
      }
    }
  }
}

NK_KERNEL void nk_normalize_s8(const int8_t *x, int8_t *y, const nk_normalize_s8_args *a) {
  const nk_normal_s8_args n = {.groups = 1,
                               .count = a->count,
                               .centred = a->centred,
                               .factor = a->factor,
                               .lift = a->lift,
                               .x_zero = a->x_zero,
                               .y_zero = a->y_zero,
                               .epsilon_high = a->epsilon_high,
                               .epsilon_low = a->epsilon_low,
                               .multiplier = a->multiplier,
                               .shift = a->shift};
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++) {
      for (int32_t k = 0; k < a->kept[2]; k++) {
        const int32_t at = i * a->kept_step[0] + j * a->kept_step[1] + k * a->kept_step[2];
        nk_normal_scale(x + at, y + at, nk_normal_of(x + at, &n, a), &n, a);
      }
    }
  }
}
