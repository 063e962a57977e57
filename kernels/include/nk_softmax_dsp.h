/* Rows of the int8 softmax for cores with the DSP extension. The table of exps is the other way round and 256
   long: exp of `largest - x` is entry 255 - largest + x, 0 for what is too far below, so that nothing is
   subtracted or compared. exps are not negative, so both roundings of TFLite's requantisation are SMMLAR: the
   first with the exp added in at bit 32 and the constant 2 * reciprocal - 2^32, the second by
   2^(32 - exponent) with the zero point added in. */
#ifndef NK_SOFTMAX_DSP_H
#define NK_SOFTMAX_DSP_H

#include "nk_bytes_s8.h"
#include "nk_softmax.h"

/* Largest of n bytes. */
static inline int32_t nk_softmax_largest(const int8_t *x, int32_t n) {
  int32_t largest = x[0];
  if (n >= 4) {
    uint32_t words = nk_load_word(x);
    for (; n >= 8; n -= 4, x += 4) words = nk_larger_s8x4(words, nk_load_word(x + 4));
    for (uint32_t i = 0; i < 32; i += 8) largest = nk_max(largest, (int8_t)((words >> i) & 0xFFU));
    x += 4;
    n -= 4;
  }
  for (; n > 0; n--, x++) largest = nk_max(largest, *x);
  return largest;
}

/* What a row's outputs are made with. */
typedef struct nk_softmax_scale {
  int32_t first;
  int32_t second;
  int32_t zero;
} nk_softmax_scale;

/* An exp in 1/2^19. */
static inline int32_t nk_softmax_rounded(int32_t exp) {
  return (int32_t)(((uint32_t)exp + (1U << 11)) >> 12);
}

/* (a * b + 2^31) / 2^32 + c, which is SMMLAR; the sum fits. */
static inline int32_t nk_softmax_high(int32_t a, int32_t b, int32_t c) {
  return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32) + c;
}

/* One output, `most` at most. */
static inline int32_t nk_softmax_one(int32_t exp, const nk_softmax_scale *s, int32_t most) {
  const int32_t once = nk_softmax_high(exp, s->first, s->first < 0 ? exp : 0);
  return nk_min(nk_softmax_high(once, s->second, s->zero), most);
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Sum of exps in 1/2^19, rounded one by one, of `fours` times four elements: 17 cycles of a Cortex-M4. */
static inline int32_t nk_softmax_sum(const int8_t *x, const int32_t *exps, int32_t fours, int32_t sum) {
  int32_t a, b, c, d;
  if (fours == 0) return sum;
  __asm__ volatile(
      "1: ldrsb %[a], [%[x]], #4\n ldrsb %[b], [%[x], #-3]\n ldrsb %[c], [%[x], #-2]\n ldrsb %[d], [%[x], "
      "#-1]\n"
      "ldr %[a], [%[t], %[a], lsl #2]\n ldr %[b], [%[t], %[b], lsl #2]\n ldr %[c], [%[t], %[c], lsl #2]\n"
      "ldr %[d], [%[t], %[d], lsl #2]\n"
      "smmlar %[s], %[a], %[k], %[s]\n smmlar %[s], %[b], %[k], %[s]\n smmlar %[s], %[c], %[k], %[s]\n"
      "smmlar %[s], %[d], %[k], %[s]\n subs %[n], #1\n bne 1b\n"
      : [x] "+r"(x), [n] "+r"(fours), [s] "+r"(sum), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
      : [t] "r"(exps), [k] "r"(1 << 20)
      : "memory", "cc");
  return sum;
}

#define NK_SOFTMAX_SCALE(r) "smmlar " r ", " r ", %[first], " r "\n smmlar " r ", " r ", %[second], %[zero]\n"

/* `store` writes elements of `size` bytes and of `bits`; 28 cycles for four. */
#define NK_SOFTMAX_OUT(name, type, store, size, two, three, bits)                                           \
  static inline type *name##_fours(const int8_t *x, const int32_t *exps, type *y, int32_t fours,            \
                                   const nk_softmax_scale *s) {                                             \
    int32_t a, b, c, d;                                                                                     \
    if (fours == 0) return y;                                                                               \
    __asm__ volatile(                                                                                       \
        "1: ldrsb %[a], [%[x]], #4\n ldrsb %[b], [%[x], #-3]\n ldrsb %[c], [%[x], #-2]\n"                   \
        "ldrsb %[d], [%[x], #-1]\n ldr %[a], [%[t], %[a], lsl #2]\n ldr %[b], [%[t], %[b], lsl #2]\n"       \
        "ldr %[c], [%[t], %[c], lsl #2]\n ldr %[d], [%[t], %[d], lsl #2]\n" NK_SOFTMAX_SCALE("%[a]")        \
            NK_SOFTMAX_SCALE("%[b]") NK_SOFTMAX_SCALE("%[c]") NK_SOFTMAX_SCALE(                             \
                "%[d]") "ssat %[a], #" #bits ", %[a]\n ssat %[b], #" #bits ", %[b]\n ssat %[c], #" #bits    \
                        ", %[c]\n"                                                                          \
                        "ssat %[d], #" #bits ", %[d]\n" store " %[b], [%[y], #" size "]\n" store            \
                        " %[c], [%[y], #" two "]\n" store " %[d], [%[y], #" three "]\n" store               \
                        " %[a], [%[y]], #4*" size "\n subs %[n], #1\n bne 1b\n"                             \
        : [x] "+r"(x), [y] "+r"(y), [n] "+r"(fours), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d) \
        : [t] "r"(exps), [first] "r"(s->first), [second] "r"(s->second), [zero] "r"(s->zero)                \
        : "memory", "cc");                                                                                  \
    return y;                                                                                               \
  }

#else

static inline int32_t nk_softmax_sum(const int8_t *x, const int32_t *exps, int32_t fours, int32_t sum) {
  for (int32_t i = 0; i < 4 * fours; i++) sum += nk_softmax_rounded(exps[x[i]]);
  return sum;
}

#define NK_SOFTMAX_OUT(name, type, store, size, two, three, bits)                                \
  static inline type *name##_fours(const int8_t *x, const int32_t *exps, type *y, int32_t fours, \
                                   const nk_softmax_scale *s) {                                  \
    for (int32_t i = 4 * fours; i > 0; i--)                                                      \
      *y++ = (type)nk_softmax_one(exps[*x++], s, (1 << (bits - 1)) - 1);                         \
    return y;                                                                                    \
  }

#endif

/* How many fours the loop may take of a row: for a sum just below a power of two the reciprocal can be a
   little below 2^30, and the first constant is then not negative. */
static inline int32_t nk_softmax_fours(const nk_softmax_scale *s, int32_t depth) {
  return s->first < 0 ? depth >> 2 : 0;
}

/* The whole row: the table from where its largest value meets exp(0); false where every output is the least.
 */
static inline int32_t nk_softmax_prepare(const int8_t *x, const int32_t *exps, nk_softmax_scale *s,
                                         const int32_t **table, int32_t y_bits, const nk_softmax_args *a) {
  const int32_t largest = nk_softmax_largest(x, a->depth);
  const int32_t *const t = exps + 255 - largest;
  int32_t sum = nk_softmax_sum(x, t, a->depth >> 2, 0);
  for (int32_t i = a->depth & ~3; i < a->depth; i++) sum += nk_softmax_rounded(t[x[i]]);
  const nk_softmax_row r = nk_softmax_of((uint32_t)sum, largest);
  const int32_t exponent = r.bits_over_unit + 31 - y_bits;
  *table = t;
  s->first = (int32_t)(2U * (uint32_t)r.reciprocal);
  s->second = exponent > 31 ? 0 : INT32_C(1) << (32 - exponent);
  return exponent <= 31;
}

#endif
