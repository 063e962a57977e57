/* MEAN and SUM over what lies before the channels, int8, four channels or more, for cores with the DSP
   extension: four channels are summed at a time, in halfwords for 255 elements and then in words. */
#include "nk_bytes_s8.h"
#include "nk_kernels.h"

static inline void nk_sum_four_s8(const int8_t *x, int8_t *y, const nk_reduce_sum_args *a) {
  int32_t total[4] = {-a->offset, -a->offset, -a->offset, -a->offset};
  const int32_t step = a->reduced_step[2];
  for (int32_t left = a->reduced[2]; left > 0; left -= 255, x += 255 * step) {
    const nk_sums4 none = {0, 0};
    const nk_sums4 sums = nk_add_pixels(none, x, step, nk_min(left, 255));
    for (int32_t i = 0; i < 4; i++) total[i] += nk_sum_of(&sums, i);
  }
  for (int32_t i = 0; i < 4; i++) {
    const int32_t scaled = nk_requantize(total[i], a->multiplier, a->shift) + a->y_zero_point;
    y[i] = (int8_t)nk_clamp(scaled, INT8_MIN, INT8_MAX);
  }
}

NK_KERNEL void nk_reduce_sum_s8_dsp(const int8_t *x, int8_t *y, const nk_reduce_sum_args *a) {
  const int32_t channels = a->kept[2];
  for (int32_t i = 0; i < a->kept[0]; i++) {
    for (int32_t j = 0; j < a->kept[1]; j++, y += channels) {
      const int8_t *const row = x + i * a->kept_step[0] + j * a->kept_step[1];
      for (int32_t c = 0; c < channels; c += 4) {
        const int32_t first = nk_min(c, channels - 4);
        nk_sum_four_s8(row + first, y + first, a);
      }
    }
  }
}
