/* LSTM, int8 with gates and cell state of 16 bits, on cores with the DSP extension: four inputs of a gate are
   two dual MACs. Features and cells are multiples of four. */
#include "nk_bytes_s8.h"
#include "nk_halves_s8.h"
#include "nk_lstm_s8.h"
#include "nk_scale_s8.h"

/* sums[0..3] += inputs times the weights of the four gates; four bytes of each gate in turn. */
static inline void nk_lstm_dot(int32_t sums[4], const int8_t *x, const int8_t *w, int32_t depth) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (const int8_t *end = x + depth; x != end; x += 4, w += 16) {
    const uint32_t word = nk_load_word(x);
    const int32_t even = nk_planes_even(word);
    const int32_t odd = nk_planes_odd(word);
    const uint32_t w0 = nk_load_word(w), w1 = nk_load_word(w + 4);
    const uint32_t w2 = nk_load_word(w + 8), w3 = nk_load_word(w + 12);
    s0 = nk_scale_dual((uint32_t)nk_planes_even(w0), even, s0);
    s1 = nk_scale_dual((uint32_t)nk_planes_even(w1), even, s1);
    s2 = nk_scale_dual((uint32_t)nk_planes_even(w2), even, s2);
    s3 = nk_scale_dual((uint32_t)nk_planes_even(w3), even, s3);
    s0 = nk_scale_dual((uint32_t)nk_planes_odd(w0), odd, s0);
    s1 = nk_scale_dual((uint32_t)nk_planes_odd(w1), odd, s1);
    s2 = nk_scale_dual((uint32_t)nk_planes_odd(w2), odd, s2);
    s3 = nk_scale_dual((uint32_t)nk_planes_odd(w3), odd, s3);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

NK_KERNEL void nk_lstm_s8_dsp(const int8_t *x, const int8_t *h, const int8_t *w, const int8_t *r,
                              const int32_t *bias, int8_t *y, int16_t *c, const nk_lstm_args *a) {
  for (int32_t b = 0; b < a->batch; b++, c += a->cells) {
    const int8_t *before = a->begins ? 0 : h + b * a->cells;
    for (int32_t i = 0; i < a->cells && a->begins; i++) c[i] = 0;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const int8_t *wc = w;
      const int8_t *rc = r;
      for (int32_t i = 0; i < a->cells; i++, wc += 4 * a->features, rc += 4 * a->cells) {
        const int32_t *b0 = bias + 8 * i;
        int32_t x_sums[4] = {b0[0], b0[1], b0[2], b0[3]};
        int32_t h_sums[4] = {b0[4], b0[5], b0[6], b0[7]};
        nk_lstm_dot(x_sums, x, wc, a->features);
        if (before) {
          nk_lstm_dot(h_sums, before, rc, a->cells);
        } else {
          h_sums[0] = h_sums[1] = h_sums[2] = h_sums[3] = 0;
        }
        y[i] = nk_lstm_cell_s8(x_sums, h_sums, c + i, a);
      }
      before = y;
      y += a->cells;
    }
  }
}
