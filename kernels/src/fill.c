/* One value in every element: the frame of PAD, before the inside is copied over it. */
#include "nk_kernels.h"

NK_KERNEL void nk_fill(void *y, const nk_fill_args *a) {
  uint8_t *target = y;
  if (a->element == 1) {
    memset(target, a->bits, (size_t)a->count);
    return;
  }
  for (int32_t i = 0; i < a->count; i++) {
    if (a->element == 2) {
      const int16_t half = (int16_t)a->bits;
      memcpy(target + 2 * i, &half, 2);
    } else {
      memcpy(target + 4 * i, &a->bits, 4);
    }
  }
}
