/* CONV_2D with a window of one pixel, int8: a matrix product over all pixels. The input's zero point is in
 * the bias. */
#include "nk_dot_s8.h"
#include "nk_kernels.h"

NK_KERNEL void nk_pointwise_s8(const int8_t *x, const int8_t *w, const int32_t *bias,
                               const int32_t *multiplier, const int8_t *shift, int8_t *y,
                               const nk_pointwise_args *a) {
  for (int32_t pixel = 0; pixel < a->pixels; pixel++, x += a->depth) {
    nk_scaling scaling = {bias, multiplier, shift, a->scale_step, a->y_zero, a->low, a->high};
    const int8_t *wc = w;
    int32_t channels = a->channels;
    for (; channels >= 4; channels -= 4, wc += 4 * a->depth) {
      int32_t acc[4] = {0, 0, 0, 0};
      nk_dot4_s8(acc, x, wc, a->depth, 0);
      for (int32_t c = 0; c < 4; c++) nk_store_s8(y++, acc[c], &scaling);
    }
    for (; channels > 0; channels--, wc += a->depth)
      nk_store_s8(y++, nk_dot_s8(0, x, wc, a->depth, 0), &scaling);
  }
}
