/* RESIZE_NEAREST_NEIGHBOR for any element size: whole pixels, by tables of input rows and columns. */
#include "nk_kernels.h"

NK_KERNEL void nk_resize_nearest(const void *x, const int16_t *rows, const int16_t *columns, void *y,
                                 const nk_resize_args *a) {
  const uint8_t *image = x;
  uint8_t *target = y;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const uint8_t *row = image + rows[oy] * a->in_w * a->pixel;
    for (int32_t ox = 0; ox < a->out_w; ox++) {
      memcpy(target, row + columns[ox] * a->pixel, (size_t)a->pixel);
      target += a->pixel;
    }
  }
}
