/* GRU, float: the gates of a cell add up their products in order, the input's and the hidden state's by
   themselves. */
#include "nk_dot_f32.h"
#include "nk_float_math.h"
#include "nk_kernels.h"

NK_KERNEL void nk_gru_f32(const float *x, const float *w, const float *r, const float *bias, float *y,
                          float *s, const nk_gru_f32_args *a) {
  for (int32_t b = 0; b < a->batch; b++, s += a->cells) {
    const float *before = 0;
    for (int32_t i = 0; i < a->cells; i++) s[i] = 0.0F;
    for (int32_t t = 0; t < a->steps; t++, x += a->features) {
      const float *wc = w;
      const float *rc = r;
      for (int32_t i = 0; i < a->cells; i++) {
        float of_x[3], of_h[3];
        for (int32_t g = 0; g < 3; g++, wc += a->features, rc += a->cells) {
          of_x[g] = nk_dot_f32(0.0F, x, wc, a->features) + bias[6 * i + g];
          of_h[g] = (before ? nk_dot_f32(0.0F, before, rc, a->cells) : 0.0F) + bias[6 * i + 3 + g];
        }
        const float update = nk_logisticf(of_x[0] + of_h[0]);
        const float past = nk_logisticf(of_x[1] + of_h[1]) * of_h[2];
        const float candidate = (1.0F - update) * nk_tanhf(of_x[2] + past);
        s[i] = update * s[i] + candidate;
        y[i] = s[i];
      }
      before = y;
      y += a->cells;
    }
  }
}
