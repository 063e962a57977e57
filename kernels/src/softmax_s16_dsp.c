/* SOFTMAX over the last dimension, int16, for cores with the DSP extension. Entries of the table of exps over
   [-10, 0] are words: the value, one half and the slope to the next, so that what lies between two entries is
   a product and a sum. Differences reach the table's units by one SMMLAR: it is proved at build time to give
   TFLite's value for each of the 65536. */
#include "nk_kernels.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* exps of `pairs` times two elements, and their sum: 31 cycles of a Cortex-M4 for two. `exps` points at its
   middle, `largest` is shifted to the left as elements are. */
static __attribute__((noinline)) int32_t nk_softmax_s16_pairs(const int16_t *x, const int32_t *exps,
                                                              int16_t *y, int32_t largest, int32_t pairs,
                                                              const nk_softmax_s16_dsp_args *a) {
  int32_t sum = 0, most = INT16_MAX;
  const int32_t left = a->left, multiplier = a->multiplier;
  if (pairs == 0) return 0;
  __asm__ volatile(
      "1: ldrsh r4, [%[x]], #4\n ldrsh r6, [%[x], #-2]\n lsl r4, %[left]\n lsl r6, %[left]\n"
      "sub r4, %[largest]\n sub r6, %[largest]\n smmlar r4, r4, %[m], %[most]\n smmlar r6, r6, %[m], "
      "%[most]\n"
      "ssat r4, #16, r4\n ssat r6, #16, r6\n asr r5, r4, #7\n asr r3, r6, #7\n"
      "ldr r5, [%[t], r5, lsl #2]\n ldr r3, [%[t], r3, lsl #2]\n and r4, #127\n and r6, #127\n"
      "smulbb r4, r4, r5\n smulbb r6, r6, r3\n add r4, r4, r5, lsr #10\n add r6, r6, r3, lsr #10\n"
      "lsr r4, #7\n lsr r6, #7\n add %[sum], r4\n add %[sum], r6\n strh r4, [%[y]], #4\n"
      "strh r6, [%[y], #-2]\n subs %[n], #1\n bne 1b\n"
      : [x] "+r"(x), [y] "+r"(y), [n] "+r"(pairs), [sum] "+r"(sum)
      : [t] "r"(exps), [largest] "r"(largest), [left] "r"(left), [m] "r"(multiplier), [most] "r"(most)
      : "r3", "r4", "r5", "r6", "memory", "cc");
  return sum;
}

/* Larger of both pairs of halfwords. */
static inline uint32_t nk_softmax_s16_larger(uint32_t a, uint32_t b) {
  uint32_t larger;
  __asm__("ssub16 %0, %1, %2\n sel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
  return larger;
}

static inline int32_t nk_softmax_s16_shares(int16_t *y, int32_t fours, int32_t reciprocal, int32_t half,
                                            int32_t right) {
  int32_t p, q, r, s;
  const int32_t done = 4 * fours;
  if (fours == 0) return 0;
  __asm__ volatile(
      "1: ldrsh %[p], [%[y]]\n ldrsh %[q], [%[y], #2]\n ldrsh %[r], [%[y], #4]\n ldrsh %[s], [%[y], #6]\n"
      "smlabb %[p], %[p], %[m], %[half]\n smlabb %[q], %[q], %[m], %[half]\n"
      "smlabb %[r], %[r], %[m], %[half]\n smlabb %[s], %[s], %[m], %[half]\n"
      "asr %[p], %[right]\n asr %[q], %[right]\n asr %[r], %[right]\n asr %[s], %[right]\n"
      "ssat %[p], #16, %[p]\n ssat %[q], #16, %[q]\n ssat %[r], #16, %[r]\n ssat %[s], #16, %[s]\n"
      "strh %[q], [%[y], #2]\n strh %[r], [%[y], #4]\n strh %[s], [%[y], #6]\n strh %[p], [%[y]], #8\n"
      "subs %[n], #1\n bne 1b\n"
      : [y] "+r"(y), [n] "+r"(fours), [p] "=&r"(p), [q] "=&r"(q), [r] "=&r"(r), [s] "=&r"(s)
      : [m] "r"(reciprocal), [half] "r"(half), [right] "r"(right)
      : "memory", "cc");
  return done;
}

#else

static inline uint32_t nk_softmax_s16_larger(uint32_t a, uint32_t b) {
  const uint32_t low = (int16_t)(a & 0xFFFFU) > (int16_t)(b & 0xFFFFU) ? a : b;
  const uint32_t high = (int16_t)(a >> 16) > (int16_t)(b >> 16) ? a : b;
  return (low & 0xFFFFU) | (high & 0xFFFF0000U);
}

static inline int32_t nk_softmax_s16_shares(int16_t *y, int32_t fours, int32_t reciprocal, int32_t half,
                                            int32_t right) {
  for (int32_t i = 0; i < 4 * fours; i++)
    y[i] = (int16_t)nk_min((y[i] * reciprocal + half) >> right, INT16_MAX);
  return 4 * fours;
}

#endif

/* exp of an element in 1/32768. */
static inline int32_t nk_softmax_s16_exp(int32_t x, const int32_t *exps, int32_t largest,
                                         const nk_softmax_s16_dsp_args *a) {
  const int64_t below = x * (1 << a->left) - largest;
  const int32_t place = (int32_t)((below * a->multiplier + (INT64_C(1) << 31)) >> 32) + INT16_MAX;
  const int32_t within = nk_max(place, INT16_MIN);
  const uint32_t entry = (uint32_t)exps[within >> 7];
  return (int32_t)(((entry >> 10) + (uint32_t)((int32_t)(entry & 0xFFFFU) * (within & 0x7F))) >> 7);
}

#if !(defined(__ARM_FEATURE_DSP) && defined(__thumb2__))

static inline int32_t nk_softmax_s16_pairs(const int16_t *x, const int32_t *exps, int16_t *y, int32_t largest,
                                           int32_t pairs, const nk_softmax_s16_dsp_args *a) {
  int32_t sum = 0;
  for (int32_t i = 0; i < 2 * pairs; i++) {
    y[i] = (int16_t)nk_softmax_s16_exp(x[i], exps, largest, a);
    sum += y[i];
  }
  return sum;
}

#endif

static inline int32_t nk_softmax_s16_largest(const int16_t *x, int32_t n) {
  int32_t largest = x[0];
  if (n >= 2) {
    uint32_t words, more;
    memcpy(&words, x, 4);
    for (int32_t i = 2; i < n - 1; i += 2) {
      memcpy(&more, x + i, 4);
      words = nk_softmax_s16_larger(words, more);
    }
    largest = nk_max((int16_t)(words & 0xFFFFU), (int16_t)(words >> 16));
  }
  return nk_max(largest, x[n - 1]);
}

/* 1 / sum in 1/32768, its exponent in `right`; the table is over [0, 1]. */
static inline int32_t nk_softmax_s16_reciprocal(int32_t sum, const int16_t *reciprocals, int32_t *right) {
  int32_t headroom = 0; /* left shifts until sum, at least 1, has bit 30 set */
  while ((sum << headroom) < (INT32_C(1) << 30)) headroom++;
  const int32_t mantissa =
      (int32_t)((((uint32_t)sum << headroom) + (1U << 13)) >> 14) - (1 << 15) - (1 << 16);
  const int32_t place = nk_clamp(mantissa, INT16_MIN, INT16_MAX);
  const int16_t *const entry = reciprocals + 256 + (place >> 7);
  *right = 30 - headroom;
  return entry[0] + (((entry[1] - entry[0]) * (place & 0x7F) + 64) >> 7);
}

/* exps of a row into y; their sum. */
static inline int32_t nk_softmax_s16_exps(const int16_t *x, const int32_t *exps, int16_t *y,
                                          const nk_softmax_s16_dsp_args *a) {
  const int32_t largest = nk_softmax_s16_largest(x, a->depth) * (1 << a->left);
  const int32_t *const middle = exps + 256;
  int32_t sum = 0, last = 0;
  if ((a->depth & 1) != 0) last = nk_softmax_s16_exp(x[a->depth - 1], middle, largest, a);
  sum = nk_softmax_s16_pairs(x, middle, y, largest, a->depth >> 1, a) + last;
  if ((a->depth & 1) != 0) y[a->depth - 1] = (int16_t)last;
  return sum;
}

NK_KERNEL void nk_softmax_s16_dsp(const int16_t *x, const int32_t *exps, const int16_t *reciprocals,
                                  int16_t *y, const nk_softmax_s16_dsp_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->depth) {
    int32_t right;
    const int32_t sum = nk_softmax_s16_exps(x, exps, y, a);
    const int32_t reciprocal = nk_softmax_s16_reciprocal(sum, reciprocals, &right);
    const int32_t half = INT32_C(1) << (right - 1);
    for (int32_t i = nk_softmax_s16_shares(y, a->depth >> 2, reciprocal, half, right); i < a->depth; i++) {
      y[i] = (int16_t)nk_min((y[i] * reciprocal + half) >> right, INT16_MAX);
    }
  }
}
