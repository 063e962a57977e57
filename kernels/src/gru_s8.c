/* GRU, int8 with gates and state of 16 bits: the gates of a cell, then its new state. */
#include "nk_dot_s8.h"
#include "nk_gru_s8.h"

NK_KERNEL void nk_gru_s8(const int8_t *x, const int8_t *w, const int8_t *r, const int32_t *bias,
                         const uint16_t *table, int8_t *y, int16_t *s, const nk_gru_args *a) {
  for (int32_t b = 0; b < a->batch; b++, s += a->cells) {
    const int8_t *before = 0;
    for (int32_t i = 0; i < a->cells; i++) s[i] = 0;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const int8_t *wc = w;
      const int8_t *rc = r;
      for (int32_t i = 0; i < a->cells; i++) {
        int32_t sums[6];
        for (int32_t g = 0; g < 3; g++, wc += a->features, rc += a->cells) {
          sums[g] = nk_dot_s8(bias[9 * i + g], x, wc, a->features, 0);
          sums[3 + g] =
              before ? nk_dot_s8(bias[9 * i + 3 + g], before, rc, a->cells, 0) : bias[9 * i + 6 + g];
        }
        y[i] = nk_gru_cell(sums, sums + 3, table, s + i, a);
      }
      before = y;
      y += a->cells;
    }
  }
}
