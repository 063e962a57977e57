/* What the Helium kernels of int16 activations share: dot products of four channels in 32 bits, which the
   sums are proved at build time to fit. Weights stand by four channels, 8 bytes of each in turn, zeros behind
   the end. */
#ifndef NK_MVE_S16_H
#define NK_MVE_S16_H

#include "nk_fixed_point.h"
#include "nk_mve.h"

typedef struct nk_mve_four_sums {
  int32_t channel[4];
} nk_mve_four_sums;

#if defined(__ARM_FEATURE_MVE)

static inline nk_mve_four_sums nk_mve_dot4_s16(const int16_t *x, const int8_t *w, int32_t depth) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  __asm__ volatile(
      "dlstp.16 lr, %[n]\n"
      "1: vldrh.u16 q0, [%[x]], #16\n"
      "vldrb.s16 q1, [%[w]], #8\n vmladava.s16 %[a], q0, q1\n vldrb.s16 q2, [%[w]], #8\n vmladava.s16 %[b], "
      "q0, q2\n"
      "vldrb.s16 q1, [%[w]], #8\n vmladava.s16 %[c], q0, q1\n vldrb.s16 q2, [%[w]], #8\n vmladava.s16 %[d], "
      "q0, q2\n"
      "letp lr, 1b\n"
      : [x] "+&l"(x), [w] "+&l"(w), [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d)
      : [n] "r"(depth)
      : "lr", "q0", "q1", "q2", "memory", "cc");
  return (nk_mve_four_sums){{a, b, c, d}};
}

#else

static inline nk_mve_four_sums nk_mve_dot4_s16(const int16_t *x, const int8_t *w, int32_t depth) {
  nk_mve_four_sums s = {{0, 0, 0, 0}};
  for (int32_t i = 0; i < depth; i++) {
    for (int32_t c = 0; c < 4; c++) s.channel[c] += x[i] * w[(i >> 3) * 32 + 8 * c + (i & 7)];
  }
  return s;
}

/* SMMULR. */
static inline int32_t nk_mve_high1(int32_t acc, int32_t multiplier) {
  return (int32_t)(((int64_t)acc * multiplier + (INT64_C(1) << 31)) >> 32);
}

#endif

#endif
