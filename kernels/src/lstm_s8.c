/* LSTM, int8 with gates and cell state of 16 bits: the four gates of a cell in one walk over the input and
   one over the hidden state of the step before. */
#include "nk_dot_s8.h"
#include "nk_lstm_s8.h"

NK_KERNEL void nk_lstm_s8(const int8_t *x, const int8_t *h, const int8_t *w, const int8_t *r,
                          const int32_t *bias, int8_t *y, int16_t *c, const nk_lstm_args *a) {
  for (int32_t b = 0; b < a->batch; b++, c += a->cells) {
    const int8_t *before = a->begins ? 0 : h + b * a->cells;
    for (int32_t i = 0; i < a->cells && a->begins; i++) c[i] = 0;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const int8_t *wc = w;
      const int8_t *rc = r;
      for (int32_t i = 0; i < a->cells; i++, wc += 4 * a->features, rc += 4 * a->cells) {
        int32_t sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
        for (int32_t k = 0; k < (before ? 8 : 4); k++) sums[k] = bias[8 * i + k];
        nk_dot4_s8(sums, x, wc, a->features, 0);
        if (before) nk_dot4_s8(sums + 4, before, rc, a->cells, 0);
        y[i] = nk_lstm_cell_s8(sums, sums + 4, c + i, a);
      }
      before = y;
      y += a->cells;
    }
  }
}
