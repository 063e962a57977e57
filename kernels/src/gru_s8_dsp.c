/* GRU, int8 with gates and state of 16 bits, on cores with the DSP extension: four inputs of a gate are two
   dual MACs. Features and cells are multiples of four. */
#include "nk_gru_s8.h"
#include "nk_halves_s8.h"

/* acc plus the products of both halfwords, modulo 2^32. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

static inline int32_t nk_gru_dual(int32_t a, int32_t b, int32_t acc) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
}

#else

static inline int32_t nk_gru_dual(int32_t a, int32_t b, int32_t acc) {
  const int32_t low = (int16_t)(a & 0xFFFF) * (int16_t)(b & 0xFFFF);
  const int32_t high = (a >> 16) * (b >> 16);
  return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

#endif

static inline uint32_t nk_gru_word(const int8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* sums[0..2] += inputs times the weights of the three gates; four bytes of each gate in turn. */
static inline void nk_gru_dot(int32_t sums[3], const int8_t *x, const int8_t *w, int32_t depth) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2];
  for (const int8_t *end = x + depth; x != end; x += 4, w += 12) {
    const uint32_t word = nk_gru_word(x);
    const int32_t even = nk_planes_even(word);
    const int32_t odd = nk_planes_odd(word);
    const uint32_t w0 = nk_gru_word(w), w1 = nk_gru_word(w + 4), w2 = nk_gru_word(w + 8);
    s0 = nk_gru_dual(even, nk_planes_even(w0), s0);
    s1 = nk_gru_dual(even, nk_planes_even(w1), s1);
    s2 = nk_gru_dual(even, nk_planes_even(w2), s2);
    s0 = nk_gru_dual(odd, nk_planes_odd(w0), s0);
    s1 = nk_gru_dual(odd, nk_planes_odd(w1), s1);
    s2 = nk_gru_dual(odd, nk_planes_odd(w2), s2);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2;
}

NK_KERNEL void nk_gru_s8_dsp(const int8_t *x, const int8_t *w, const int8_t *r, const int32_t *bias,
                             const uint16_t *table, int8_t *y, int16_t *s, const nk_gru_args *a) {
  for (int32_t b = 0; b < a->batch; b++, s += a->cells) {
    const int8_t *before = 0;
    for (int32_t i = 0; i < a->cells; i++) s[i] = 0;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const int8_t *wc = w;
      const int8_t *rc = r;
      for (int32_t i = 0; i < a->cells; i++, wc += 3 * a->features, rc += 3 * a->cells) {
        const int32_t *first = bias + 9 * i;
        const int32_t *second = first + (before ? 3 : 6);
        int32_t sums[6] = {first[0], first[1], first[2], second[0], second[1], second[2]};
        nk_gru_dot(sums, x, wc, a->features);
        if (before) nk_gru_dot(sums + 3, before, rc, a->cells);
        y[i] = nk_gru_cell(sums, sums + 3, table, s + i, a);
      }
      before = y;
      y += a->cells;
    }
  }
}
