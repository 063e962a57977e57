/* The heart of the int8 Helium convolutions: three pixels times all output channels.

   Activations come as columns: 16 bytes of each of three pixels in turn, step after step. Weights stand by
   four channels, in two halves (channels 0 and 2, then 1 and 3, which is how two registers enter a vector):
   16 bytes of the one, 16 of the other, step after step, zeros behind the end. So five loads feed six
   VMLADAVA: 96 MACs in 11 instructions. What lies in the columns behind the end meets zero weights. */
#ifndef NK_MVE_STRIP_S8_H
#define NK_MVE_STRIP_S8_H

#include "nk_mve.h"

typedef struct nk_mve_strip {
  const int8_t *columns;
  const int8_t *weights;
  const int32_t *scales;
  int32_t steps;
  int32_t channels;
  int32_t y_zero;
  int32_t second; /* from the first pixel's outputs to the second's and the third's; shorter where a strip has
                     fewer */
  int32_t third;
} nk_mve_strip;

#if defined(__ARM_FEATURE_MVE)

/* The sums of two channels at three pixels, in acc[pixel][channel]; returns where the weights go on. */
#define NK_MVE_STRIP_STEP(op)                                                                \
  "vldrb.8 q0, [%[x]], #16\n vldrb.8 q3, [%[w]], #16\n " op                                  \
  " %[a], q0, q3\n"                                                                          \
  "vldrb.8 q1, [%[x]], #16\n " op " %[c], q1, q3\n vldrb.8 q2, [%[x]], #16\n" op             \
  " %[e], q2, q3\n vldrb.8 q3, [%[w]], #16\n " op " %[b], q0, q3\n" op " %[d], q1, q3\n " op \
  " %[f], q2, q3\n"
#define NK_MVE_STRIP_HALF()                                                                                  \
  __asm__ volatile(NK_MVE_STRIP_STEP("vmladav.s8") "wls lr, %[n], 2f\n1:\n" NK_MVE_STRIP_STEP(               \
                       "vmladava.s8") "le lr, 1b\n2:\n"                                                      \
                   : [x] "+&r"(x), [w] "+&r"(w), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d), \
                     [e] "=&Te"(e), [f] "=&Te"(f)                                                            \
                   : [n] "r"(s->steps - 1)                                                                   \
                   : "lr", "q0", "q1", "q2", "q3", "memory", "cc")

static inline void nk_mve_strip_run(const nk_mve_strip *s, int8_t *y, int32_t is_signed) {
  const int8_t *w = s->weights;
  const int32_t *scales = s->scales;
  for (int32_t left = s->channels; left > 0; left -= 4, y += 4, scales += NK_MVE_SCALES) {
    int32_t a, b, c, d, e, f;
    const int8_t *x = s->columns;
    NK_MVE_STRIP_HALF();
    int32x4_t p0 = nk_mve_even(vuninitializedq_s32(), a, b);
    int32x4_t p1 = nk_mve_even(vuninitializedq_s32(), c, d);
    int32x4_t p2 = nk_mve_even(vuninitializedq_s32(), e, f);
    x = s->columns;
    NK_MVE_STRIP_HALF();
    p0 = nk_mve_odd(p0, a, b);
    p1 = nk_mve_odd(p1, c, d);
    p2 = nk_mve_odd(p2, e, f);
    const int32x4_t bias = vldrwq_s32(scales);
    const int32x4_t multiplier = vldrwq_s32(scales + 4);
    const int32x4_t shift = vldrwq_s32(scales + 8);
    p0 = vaddq_n_s32(nk_mve_scaled(vaddq_s32(p0, bias), multiplier, shift, is_signed), s->y_zero);
    p1 = vaddq_n_s32(nk_mve_scaled(vaddq_s32(p1, bias), multiplier, shift, is_signed), s->y_zero);
    p2 = vaddq_n_s32(nk_mve_scaled(vaddq_s32(p2, bias), multiplier, shift, is_signed), s->y_zero);
    if (left >= 4) {
      nk_mve_store4(y, p0);
      nk_mve_store4(y + s->second, p1);
      nk_mve_store4(y + s->third, p2);
    } else {
      nk_mve_store_some(y, p0, left);
      nk_mve_store_some(y + s->second, p1, left);
      nk_mve_store_some(y + s->third, p2, left);
    }
  }
}

#else

static inline int32_t nk_mve_strip_sum(const int8_t *column, const int8_t *w, int32_t steps) {
  int32_t sum = 0;
  for (; steps > 0; steps--, column += 48, w += 32) {
    for (int32_t i = 0; i < 16; i++) sum += column[i] * w[i];
  }
  return sum;
}

static inline void nk_mve_strip_run(const nk_mve_strip *s, int8_t *y, int32_t is_signed) {
  const int32_t half = 32 * s->steps;
  const int32_t to[3] = {0, s->second, s->third};
  for (int32_t channel = 0; channel < s->channels; channel++) {
    const int32_t lane = channel & 3;
    const int8_t *w = s->weights + (channel >> 2) * 2 * half + (lane & 1) * half + (lane >> 1) * 16;
    const int32_t *scale = s->scales + (channel >> 2) * NK_MVE_SCALES + lane;
    for (int32_t p = 0; p < 3; p++) {
      const uint32_t sum = (uint32_t)nk_mve_strip_sum(s->columns + 16 * p, w, s->steps) + (uint32_t)scale[0];
      const int32_t scaled = nk_mve_scaled1((int32_t)sum, scale[4], scale[8], is_signed);
      y[to[p] + channel] = nk_mve_narrow1(scaled + s->y_zero);
    }
  }
}

#endif

#endif
