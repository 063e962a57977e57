/* HARD_SWISH, float32: x * min(max(x + 3, 0), 6) / 6. */
#include "nk_float_math.h"
#include "nk_kernels.h"

NK_KERNEL void nk_hard_swish_f32(const float *x, float *y, const nk_count_args *a) {
  for (int32_t i = 0; i < a->count; i++) {
    const float raised = x[i] + 3.0F;
    const float gate = raised > 0.0F ? raised : 0.0F;
    y[i] = nk_divf(x[i] * (gate < 6.0F ? gate : 6.0F), 6.0F);
  }
}
