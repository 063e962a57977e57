/* ARG_MAX, float32 to int32: the first of the largest along the middle of outer x size x inner. */
#include "nk_kernels.h"

NK_KERNEL void nk_arg_max_f32_s32(const float *x, int32_t *y, const nk_arg_max_args *a) {
  for (int32_t outer = 0; outer < a->outer; outer++) {
    for (int32_t inner = 0; inner < a->inner; inner++) {
      const float *p = x + inner;
      float largest = *p;
      int32_t found = 0;
      for (int32_t i = 1; i < a->size; i++) {
        p += a->inner;
        if (*p > largest) {
          largest = *p;
          found = i;
        }
      }
      *y++ = found;
    }
    x += a->size * a->inner;
  }
}
