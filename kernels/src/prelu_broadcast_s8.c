/* PRELU, int8: any broadcast of up to six dimensions. */
#include "nk_elementwise.h"
#include "nk_kernels.h"

NK_KERNEL void nk_prelu_broadcast_s8(const int8_t *x0, const int8_t *x1, const int32_t *walk, int8_t *y,
                                     const nk_prelu_args *a) {
  nk_walk w = {0};
  for (int32_t row = 0; row < a->rows; row++) {
    const int8_t *p0 = x0 + w.start_0;
    const int8_t *p1 = x1 + w.start_1;
    for (int32_t i = 0; i < a->inner; i++) {
      *y++ = (int8_t)nk_prelu_element(*p0, *p1, a);
      p0 += a->step_0;
      p1 += a->step_1;
    }
    nk_next_row(&w, walk);
  }
}
