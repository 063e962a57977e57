/* DEPTHWISE_CONV_2D, int8, with a window that covers the image, for cores with the DSP extension: one output
   a channel. Two pixels of four channels at a time are widened and multiplied where they are. A group of four
   channels has in flash four biases, four words of two taps for every two pixels, four first and four second
   constants of nk_scale_s8.h. */
#include "nk_halves_s8.h"
#include "nk_kernels.h"
#include "nk_scale_s8.h"

/* One pair of pixels, `apart` bytes apart, of four channels. */
static inline void nk_whole_pair_s8(int32_t sums[4], const int8_t *x, int32_t apart, const int32_t *taps) {
  uint32_t up;
  uint32_t down;
  memcpy(&up, x, 4);
  memcpy(&down, x + apart, 4);
  const uint32_t first = (up & 0xFFFFU) | (down << 16);
  const uint32_t last = (down & 0xFFFF0000U) | (up >> 16);
  sums[0] = nk_scale_dual((uint32_t)taps[0], nk_planes_even(first), sums[0]);
  sums[1] = nk_scale_dual((uint32_t)taps[1], nk_planes_odd(first), sums[1]);
  sums[2] = nk_scale_dual((uint32_t)taps[2], nk_planes_even(last), sums[2]);
  sums[3] = nk_scale_dual((uint32_t)taps[3], nk_planes_odd(last), sums[3]);
}

NK_KERNEL void nk_depthwise_whole_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y,
                                         const nk_whole_args *a) {
  const int32_t step = a->channels;
  const int32_t *block = blocks;
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    const int8_t *from = x + first;
    int32_t sums[4] = {block[0], block[1], block[2], block[3]};
    block += 4;
    for (int32_t n = a->pixels >> 1; n > 0; n--, block += 4, from += 2 * step) {
      nk_whole_pair_s8(sums, from, step, block);
    }
    if ((a->pixels & 1) != 0) { /* the second tap is zero */
      nk_whole_pair_s8(sums, from, 0, block);
      block += 4;
    }
    for (int32_t i = 0; i < 4; i++, block++) {
      const int32_t stored = nk_scale_twice_s8(sums[i], block[0], block[4], a->y_zero);
      y[first + i] = (int8_t)nk_clamp(stored, a->low, a->high);
    }
    block += 4;
  }
}
