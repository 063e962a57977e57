/* SOFTMAX over the last dimension, int8, for cores with the DSP extension (nk_softmax_dsp.h). */
#include "nk_kernels.h"
#include "nk_softmax_dsp.h"

NK_SOFTMAX_OUT(nk_softmax_s8_dsp_out, int8_t, "strb", "1", "2", "3", 8)

NK_KERNEL void nk_softmax_s8_dsp(const int8_t *x, const int32_t *exps, int8_t *y, const nk_softmax_args *a) {
  nk_softmax_scale s = {.zero = INT8_MIN};
  const int32_t *table;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    if (!nk_softmax_prepare(x, exps, &s, &table, 8, a)) {
      memset(y, INT8_MIN, (size_t)a->depth);
      y += a->depth;
      continue;
    }
    const int32_t fours = nk_softmax_fours(&s, a->depth);
    y = nk_softmax_s8_dsp_out_fours(x, table, y, fours, &s);
    for (int32_t i = 4 * fours; i < a->depth; i++) {
      *y++ = (int8_t)nk_softmax_one(table[x[i]], &s, INT8_MAX);
    }
  }
}
