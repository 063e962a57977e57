/* SOFTMAX over the last dimension, int8 to int16, for cores with the DSP extension (nk_softmax_dsp.h). */
#include "nk_kernels.h"
#include "nk_softmax_dsp.h"

NK_SOFTMAX_OUT(nk_softmax_s8_s16_dsp_out, int16_t, "strh", "2", "4", "6", 16)

NK_KERNEL void nk_softmax_s8_s16_dsp(const int8_t *x, const int32_t *exps, int16_t *y,
                                     const nk_softmax_args *a) {
  nk_softmax_scale s = {.zero = INT16_MIN};
  const int32_t *table;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    (void)nk_softmax_prepare(x, exps, &s, &table, 16, a); /* its outputs are never all the least */
    const int32_t fours = nk_softmax_fours(&s, a->depth);
    y = nk_softmax_s8_s16_dsp_out_fours(x, table, y, fours, &s);
    for (int32_t i = 4 * fours; i < a->depth; i++) {
      *y++ = (int16_t)nk_softmax_one(table[x[i]], &s, INT16_MAX);
    }
  }
}
