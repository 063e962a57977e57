/* Strided copies of blocks: TRANSPOSE, SLICE, SPLIT, CONCATENATION, PACK, UNPACK and the inside of PAD, for
   any element size. */
#include "nk_kernels.h"

/* The innermost loop. Blocks of 1, 2 and 4 bytes become a load and a store instead of a call. */
static inline void nk_copy_row(const uint8_t *x, uint8_t *y, const nk_copy_blocks_args *a) {
  const int32_t x_step = a->x_step[5];
  const int32_t y_step = a->y_step[5];
  int32_t from = 0;
  int32_t to = 0;
  for (int32_t i = a->count[5]; i > 0; i--) {
    if (a->nbytes == 1) {
      y[to] = x[from];
    } else if (a->nbytes == 2) {
      memcpy(y + to, x + from, 2);
    } else if (a->nbytes == 4) {
      memcpy(y + to, x + from, 4);
    } else {
      memcpy(y + to, x + from, (size_t)a->nbytes);
    }
    from += x_step;
    to += y_step;
  }
}

NK_KERNEL void nk_copy_blocks(const void *x, void *y, const nk_copy_blocks_args *a) {
  const uint8_t *source = x;
  uint8_t *target = y;
  int32_t index[5] = {0, 0, 0, 0, 0};
  int32_t level;
  do {
    nk_copy_row(source, target, a);
    for (level = 4; level >= 0 && ++index[level] == a->count[level]; level--) {
      index[level] = 0;
    }
    if (level >= 0) {
      source += a->x_step[level];
      target += a->y_step[level];
    }
  } while (level >= 0);
}
