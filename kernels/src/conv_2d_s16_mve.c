/* CONV_2D, int16 activations, for cores with Helium: a window at a time, four channels a walk over it. Scales
   are four biases and four multipliers of VRMULH for every four channels. */
#include "nk_kernels.h"
#include "nk_mve_s16.h"

/* Bytes [from, from + length) of a row of `width` bytes; zeros outside. */
static inline void nk_mve_row_s16(int8_t *to, const int8_t *row, int32_t from, int32_t length,
                                  int32_t width) {
  const int32_t before = nk_clamp(-from, 0, length);
  const int32_t end = nk_clamp(width - from, before, length);
  nk_mve_fill(to, 0, before);
  nk_mve_copy(to + before, row + from + before, end - before);
  nk_mve_fill(to + end, 0, length - end);
}

/* The window of the output pixel (oy, ox): where it lies, or gathered. */
static inline const int16_t *nk_mve_window_s16(const int16_t *x, int32_t oy, int32_t ox, int8_t *column,
                                               const nk_conv_s16_mve_args *a) {
  if (a->direct) return x + (oy * a->stride_h * a->in_w + ox * a->stride_w) * a->in_c;
  const int8_t *const bytes = (const int8_t *)x;
  const int32_t width = 2 * a->in_w * a->in_c;
  const int32_t run = 2 * a->kernel_w * a->in_c;
  const int32_t from = 2 * (ox * a->stride_w - a->pad_w) * a->in_c;
  int8_t *to = column;
  for (int32_t i = 0; i < a->kernel_h; i++, to += run) {
    const int32_t iy = oy * a->stride_h - a->pad_h + i;
    const int32_t there = iy >= 0 && iy < a->in_h;
    nk_mve_row_s16(to, bytes + iy * width * there, from, run, there ? width : 0);
  }
  return (const int16_t *)(const void *)column;
}

/* Four channels of a pixel: their sums, `scales` applied, clamped. */
static inline void nk_mve_store4_s16(int16_t *y, nk_mve_four_sums s, const int32_t *scales, int32_t channels,
                                     const nk_conv_s16_mve_args *a) {
#if defined(__ARM_FEATURE_MVE)
  int32x4_t v = nk_mve_even(vuninitializedq_s32(), s.channel[0], s.channel[2]);
  v = vaddq_s32(nk_mve_odd(v, s.channel[1], s.channel[3]), vldrwq_s32(scales));
  v = vrmulhq_s32(v, vldrwq_s32(scales + 4));
  v = vminq_s32(vmaxq_s32(v, vdupq_n_s32(a->low)), vdupq_n_s32(a->high));
  vstrhq_p_s32(y, v, vctp32q((uint32_t)channels));
#else
  for (int32_t c = 0; c < channels && c < 4; c++) {
    y[c] = (int16_t)nk_clamp(nk_mve_high1(s.channel[c] + scales[c], scales[4 + c]), a->low, a->high);
  }
#endif
}

NK_KERNEL void nk_conv_2d_s16_mve(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                  void *scratch, const nk_conv_s16_mve_args *a) {
  const int32_t step = (a->depth + 7) / 8 * 32;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->channels) {
      const int16_t *const window = nk_mve_window_s16(x, oy, ox, scratch, a);
      const int8_t *weights = w;
      const int32_t *scale = scales;
      for (int32_t c = 0; c < a->channels; c += 4, weights += step, scale += 8) {
        nk_mve_store4_s16(y + c, nk_mve_dot4_s16(window, weights, a->depth), scale, a->channels - c, a);
      }
    }
  }
}
