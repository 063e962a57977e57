/* FULLY_CONNECTED, float: four channels a walk over the row, each adding up its products in order. */
#include "nk_dot_f32.h"
#include "nk_kernels.h"

NK_KERNEL void nk_fully_connected_f32(const float *x, const float *w, const float *bias, float *y,
                                      const nk_fully_connected_f32_args *a) {
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const float *wc = w;
    int32_t c = 0;
    for (; c + 4 <= a->channels; c += 4, wc += 4 * a->depth) {
      float acc[4] = {0.0f, 0.0f, 0.0f, 0.0f};
      nk_dot4_f32(acc, x, wc, a->depth);
      for (int32_t i = 0; i < 4; i++) *y++ = nk_within_f32(acc[i] + bias[c + i], a->low, a->high);
    }
    for (; c < a->channels; c++, wc += a->depth) {
      *y++ = nk_within_f32(nk_dot_f32(0.0f, x, wc, a->depth) + bias[c], a->low, a->high);
    }
  }
}
