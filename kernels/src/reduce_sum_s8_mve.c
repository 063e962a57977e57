/* MEAN and SUM over what lies before the channels, int8, for cores with Helium: 16 channels at a time, in
   halfwords for 255 elements and then in words. */
#include "nk_kernels.h"
#include "nk_mve_sums_s8.h"

NK_KERNEL void nk_reduce_sum_s8_mve(const int8_t *x, int8_t *y, const nk_reduce_sum_args *a) {
  const int32_t channels = a->kept[2];
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++, y += channels) {
      const int8_t *const row = x + i * a->kept_step[0] + j * a->kept_step[1];
      for (int32_t c = 0; c < channels; c += 16) {
        nk_mve_scaled_sums(row + c, y + c, a->reduced[2], a->reduced_step[2], nk_min(channels - c, 16),
                           a->offset, a->multiplier, a->shift, a->y_zero_point);
      }
    }
  }
}
