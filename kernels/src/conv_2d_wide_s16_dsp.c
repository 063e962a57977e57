/* The same as conv_2d_s16_dsp.c for sums of more than 32 bits: a window is cut into parts whose sums fit, and
   these are added up in 64 bits. What leaves 32 bits then saturates: it is proved that the output does too.
 */
#include "nk_band_s16.h"
#include "nk_kernels.h"

NK_STRIP_S16_DEFINE_RAW(nk_conv_raw_s16_)

/* Bytes of a part: 496 inputs times -128 * -32768 are below 2^31. */
#define NK_WIDE_S16_PART 992

/* Adds the sums of two channels' weights from w on with `pixels` windows to acc, first channel first. */
static inline void nk_wide_s16_add(int64_t *acc, const nk_strip_s16 *s, const int8_t *w, int32_t pixels,
                                   nk_strip_s16_function *raw) {
  static const int32_t none[4] = {0, 0, 0, 0};
  for (int32_t at = 0; at < s->run; at += NK_WIDE_S16_PART) {
    int32_t sums[6];
    nk_strip_s16 part = *s;
    part.x = s->x + (at >> 1);
    part.run = nk_min(s->run - at, NK_WIDE_S16_PART);
    part.first = (((part.run >> 2) - 1) & (NK_STRIP_S16_PASS - 1)) + 1;
    part.weights = w + at;
    part.weights_end = part.weights + part.run;
    part.scales = none;
    part.y = (int16_t *)sums;
    raw(&part);
    for (int32_t i = 0; i < 2 * pixels; i++) acc[i] += sums[i];
  }
}

/* `scales`: for every two channels their biases, of two words each, and SMMULR's multipliers. */
static inline void nk_wide_s16(const nk_strip_s16 *s, int32_t pixels, nk_strip_s16_function *raw) {
  int16_t *y = s->y;
  const int32_t *scales = s->scales;
  for (const int8_t *w = s->weights; w < s->weights_end; w += s->run, scales += 6, y += 2) {
    int64_t bias[2];
    int64_t acc[6];
    memcpy(bias, scales, sizeof(bias));
    for (int32_t i = 0; i < 2 * pixels; i++) acc[i] = bias[i >= pixels];
    nk_wide_s16_add(acc, s, w, pixels, raw);
    for (int32_t p = 0; p < pixels; p++) {
      int16_t *const to = y + p * (s->stride >> 1);
      to[0] = nk_scaled_s16(nk_saturated_sum_s16(acc[p]), scales[4], INT16_MIN);
      to[1] = nk_scaled_s16(nk_saturated_sum_s16(acc[pixels + p]), scales[5], INT16_MIN);
    }
  }
}

static void nk_wide_s16_3(const nk_strip_s16 *s) { nk_wide_s16(s, 3, nk_conv_raw_s16_3); }

static void nk_wide_s16_2(const nk_strip_s16 *s) { nk_wide_s16(s, 2, nk_conv_raw_s16_2); }

NK_KERNEL void nk_conv_2d_wide_s16_dsp(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                       void *scratch, const nk_conv_s16_args *a) {
  const nk_band_tiles tiles = {nk_wide_s16_3, nk_wide_s16_2};
  nk_band_run(tiles, x, w, scales, y, scratch, a);
}
