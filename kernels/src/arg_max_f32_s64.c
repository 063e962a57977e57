/* ARG_MAX, float32 to int64: the first of the largest along the middle of outer x size x inner. */
#include "nk_kernels.h"

NK_KERNEL void nk_arg_max_f32_s64(const float *x, void *y, const nk_arg_max_args *a) {
  uint8_t *to = y;
  for (int32_t outer = 0; outer < a->outer; outer++) {
    for (int32_t inner = 0; inner < a->inner; inner++) {
      const float *p = x + inner;
      float largest = *p;
      int64_t found = 0;
      for (int32_t i = 1; i < a->size; i++) {
        p += a->inner;
        if (*p > largest) {
          largest = *p;
          found = i;
        }
      }
      memcpy(to, &found, sizeof found); /* the arena aligns to 4 bytes only */
      to += sizeof found;
    }
    x += a->size * a->inner;
  }
}
