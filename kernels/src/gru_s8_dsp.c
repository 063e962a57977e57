/* GRU, int8 with gates and state of 16 bits, on cores with the DSP extension: four inputs of a gate are two
   dual MACs. Features and cells are multiples of four. */
#include "nk_bytes_s8.h"
#include "nk_gru_s8.h"
#include "nk_halves_s8.h"
#include "nk_scale_s8.h"

/* sums[0..2] += inputs times the weights of the three gates; four bytes of each gate in turn. */
static inline void nk_gru_dot(int32_t sums[3], const int8_t *x, const int8_t *w, int32_t depth) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2];
  for (const int8_t *end = x + depth; x != end; x += 4, w += 12) {
    const uint32_t word = nk_load_word(x);
    const int32_t even = nk_planes_even(word);
    const int32_t odd = nk_planes_odd(word);
    const uint32_t w0 = nk_load_word(w), w1 = nk_load_word(w + 4), w2 = nk_load_word(w + 8);
    s0 = nk_scale_dual((uint32_t)nk_planes_even(w0), even, s0);
    s1 = nk_scale_dual((uint32_t)nk_planes_even(w1), even, s1);
    s2 = nk_scale_dual((uint32_t)nk_planes_even(w2), even, s2);
    s0 = nk_scale_dual((uint32_t)nk_planes_odd(w0), odd, s0);
    s1 = nk_scale_dual((uint32_t)nk_planes_odd(w1), odd, s1);
    s2 = nk_scale_dual((uint32_t)nk_planes_odd(w2), odd, s2);
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
