/* LSTM, int8 with gates and cell state of 16 bits, on cores with the DSP extension: four inputs of a gate are
   two dual MACs. Features and cells are multiples of four. */
#include "nk_halves_s8.h"
#include "nk_lstm_s8.h"

/* acc plus the products of both halfwords, modulo 2^32. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

static inline int32_t nk_lstm_dual(int32_t a, int32_t b, int32_t acc) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(a), "r"(b));
  return acc;
}

#else

static inline int32_t nk_lstm_dual(int32_t a, int32_t b, int32_t acc) {
  const int32_t low = (int16_t)(a & 0xFFFF) * (int16_t)(b & 0xFFFF);
  const int32_t high = (a >> 16) * (b >> 16);
  return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

#endif

static inline uint32_t nk_lstm_word(const int8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* sums[0..3] += inputs times the weights of the four gates; four bytes of each gate in turn. */
static inline void nk_lstm_dot(int32_t sums[4], const int8_t *x, const int8_t *w, int32_t depth) {
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  for (const int8_t *end = x + depth; x != end; x += 4, w += 16) {
    const uint32_t word = nk_lstm_word(x);
    const int32_t even = nk_planes_even(word);
    const int32_t odd = nk_planes_odd(word);
    const uint32_t w0 = nk_lstm_word(w), w1 = nk_lstm_word(w + 4);
    const uint32_t w2 = nk_lstm_word(w + 8), w3 = nk_lstm_word(w + 12);
    s0 = nk_lstm_dual(even, nk_planes_even(w0), s0);
    s1 = nk_lstm_dual(even, nk_planes_even(w1), s1);
    s2 = nk_lstm_dual(even, nk_planes_even(w2), s2);
    s3 = nk_lstm_dual(even, nk_planes_even(w3), s3);
    s0 = nk_lstm_dual(odd, nk_planes_odd(w0), s0);
    s1 = nk_lstm_dual(odd, nk_planes_odd(w1), s1);
    s2 = nk_lstm_dual(odd, nk_planes_odd(w2), s2);
    s3 = nk_lstm_dual(odd, nk_planes_odd(w3), s3);
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
