/* BATCH_MATMUL, int16 x int8, for cores with the DSP extension (nk_matmul_dsp.h). */
#include "nk_kernels.h"
#include "nk_matmul_s16.h"

NK_MATMUL_S16_PACK(nk_matmul_s16_s8_pack, int8_t)

NK_KERNEL void nk_batch_matmul_s16_s8_dsp(const int16_t *x, const int8_t *w, int16_t *y, void *scratch,
                                          const nk_matmul_dsp_args *a) {
  const nk_matmul_form form = {nk_matmul_s16_run, nk_matmul_s16_s8_pack, 2, 1};
  nk_matmul_batches(form, x, w, y, scratch, a);
}
