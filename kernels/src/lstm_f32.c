/* LSTM, float: the four gates of a cell add up their products in one walk over the input and one over the
   hidden state of the step before. */
#include "nk_dot_f32.h"
#include "nk_float_math.h"
#include "nk_kernels.h"

NK_KERNEL void nk_lstm_f32(const float *x, const float *h, const float *w, const float *r, const float *bias,
                           float *y, float *c, const nk_lstm_f32_args *a) {
  for (int32_t b = 0; b < a->batch; b++, c += a->cells) {
    const float *before = a->begins ? 0 : h + b * a->cells;
    for (int32_t i = 0; i < a->cells && a->begins; i++) c[i] = 0.0F;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const float *wc = w;
      const float *rc = r;
      for (int32_t i = 0; i < a->cells; i++, wc += 4 * a->features, rc += 4 * a->cells) {
        float z[4] = {0.0F, 0.0F, 0.0F, 0.0F};
        nk_dot4_f32(z, x, wc, a->features);
        if (before) nk_dot4_f32(z, before, rc, a->cells);
        for (int32_t k = 0; k < 4; k++) z[k] += bias[4 * i + k];
        const float kept = nk_logisticf(z[1]) * c[i];
        c[i] = nk_within_f32(kept + nk_logisticf(z[0]) * nk_tanhf(z[2]), -a->clip, a->clip);
        y[i] = nk_logisticf(z[3]) * nk_tanhf(c[i]);
      }
      before = y;
      y += a->cells;
    }
  }
}
