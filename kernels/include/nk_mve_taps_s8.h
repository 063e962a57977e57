/* The heart of the int8 Helium depthwise convolution: 16 channels side by side, tap by tap.

   Products of bytes fill halfwords, and two of them still fit (weights above -128), so taps go by pairs: only
   their sum is widened. The four accumulators of a block hold the channels 0 4 8 12, 1 5 9 13, 2 6 10 14 and
   3 7 11 15, as widening and narrowing of every second lane have it; weights are in order, scales in the
   accumulators'. */
#ifndef NK_MVE_TAPS_S8_H
#define NK_MVE_TAPS_S8_H

#include "nk_mve.h"

#define NK_MVE_BLOCK 16

/* `taps`: where each tap of a window lies behind its first pixel's base, in bytes; an even number of them. */
typedef struct nk_mve_taps {
  const int32_t *taps;
  int32_t pairs;
  int32_t y_zero;
} nk_mve_taps;

#if defined(__ARM_FEATURE_MVE)

static inline int8x16_t nk_mve_taps_run(const nk_mve_taps *s, const int8_t *base, const int8_t *w,
                                        const int32_t *scales, int32_t is_signed) {
  int32x4_t a = vldrwq_s32(scales);
  int32x4_t b = vldrwq_s32(scales + 4);
  int32x4_t c = vldrwq_s32(scales + 8);
  int32x4_t d = vldrwq_s32(scales + 12);
  const int32_t *taps = s->taps;
  const int8_t *p, *q;
  __asm__ volatile(
      "dls lr, %[n]\n"
      "1: ldrd %[p], %[q], [%[taps]], #8\n add %[p], %[base]\n add %[q], %[base]\n"
      "vldrb.8 q0, [%[p]]\n vldrb.8 q1, [%[w]], #16\n vmullb.s8 q2, q0, q1\n vmullt.s8 q3, q0, q1\n"
      "vldrb.8 q0, [%[q]]\n vldrb.8 q1, [%[w]]\n vmullb.s8 q1, q0, q1\n vadd.i16 q2, q2, q1\n"
      "vldrb.8 q1, [%[w]], #16\n vmullt.s8 q1, q0, q1\n vadd.i16 q3, q3, q1\n"
      "vmovlb.s16 q0, q2\n vadd.i32 %q[a], %q[a], q0\n vmovlt.s16 q2, q2\n vadd.i32 %q[c], %q[c], q2\n"
      "vmovlb.s16 q0, q3\n vadd.i32 %q[b], %q[b], q0\n vmovlt.s16 q3, q3\n vadd.i32 %q[d], %q[d], q3\n"
      "le lr, 1b\n"
      : [a] "+&w"(a), [b] "+&w"(b), [c] "+&w"(c), [d] "+&w"(d), [p] "=&r"(p), [q] "=&r"(q), [w] "+&r"(w),
        [taps] "+&r"(taps)
      : [n] "r"(s->pairs), [base] "r"(base)
      : "lr", "q0", "q1", "q2", "q3", "memory", "cc");
  a = nk_mve_scaled(a, vldrwq_s32(scales + 16), vldrwq_s32(scales + 32), is_signed);
  b = nk_mve_scaled(b, vldrwq_s32(scales + 20), vldrwq_s32(scales + 36), is_signed);
  c = nk_mve_scaled(c, vldrwq_s32(scales + 24), vldrwq_s32(scales + 40), is_signed);
  d = nk_mve_scaled(d, vldrwq_s32(scales + 28), vldrwq_s32(scales + 44), is_signed);
  return nk_mve_narrow16(a, b, c, d, s->y_zero);
}

/* `channels` outputs of the window at `base`; `scales`: for 16 channels biases, multipliers, shifts. */
static inline void nk_mve_taps_pixel(const nk_mve_taps *s, const int8_t *base, const int8_t *w,
                                     const int32_t *scales, int8_t *y, int32_t channels, int32_t is_signed) {
  for (; channels >= NK_MVE_BLOCK; channels -= NK_MVE_BLOCK, y += NK_MVE_BLOCK) {
    vstrbq_s8(y, nk_mve_taps_run(s, base, w, scales, is_signed));
    base += NK_MVE_BLOCK;
    w += 2 * NK_MVE_BLOCK * s->pairs;
    scales += 3 * NK_MVE_BLOCK;
  }
  if (channels > 0) {
    vstrbq_p_s8(y, nk_mve_taps_run(s, base, w, scales, is_signed), vctp8q((uint32_t)channels));
  }
}

#else

static inline void nk_mve_taps_pixel(const nk_mve_taps *s, const int8_t *base, const int8_t *w,
                                     const int32_t *scales, int8_t *y, int32_t channels, int32_t is_signed) {
  for (int32_t channel = 0; channel < channels; channel++) {
    const int32_t lane = channel % NK_MVE_BLOCK;
    const int32_t block = channel / NK_MVE_BLOCK;
    const int8_t *tap = w + 2 * NK_MVE_BLOCK * s->pairs * block + lane;
    const int32_t *scale = scales + 3 * NK_MVE_BLOCK * block + 4 * (lane & 3) + (lane >> 2);
    uint32_t sum = (uint32_t)scale[0];
    for (int32_t t = 0; t < s->pairs; t++, tap += 2 * NK_MVE_BLOCK) {
      const int32_t first = base[s->taps[2 * t] + channel] * tap[0];
      const int32_t second = base[s->taps[2 * t + 1] + channel] * tap[NK_MVE_BLOCK];
      sum += (uint32_t)(first + second);
    }
    const int32_t scaled =
        nk_mve_scaled1((int32_t)sum, scale[NK_MVE_BLOCK], scale[2 * NK_MVE_BLOCK], is_signed);
    y[channel] = nk_mve_narrow1(scaled + s->y_zero);
  }
}

#endif

#endif
