/* The windows of three pixels, packed as triples (nk_triple_parts.h). Outside
   the image the input reads as its zero point. */
#ifndef NK_TRIPLES_WINDOWS_H
#define NK_TRIPLES_WINDOWS_H

#include "nk_args.h"
#include "nk_triple_parts.h"

/* n inputs of the row iy for each of three pixels, from the columns ix on; a
 * pixel that is outside has zero points. */
static inline uint32_t *nk_pack_run(const int8_t *x, const int32_t iy[3], const int32_t ix[3], int32_t n,
                                    uint32_t *columns, const nk_triples_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  const int8_t *from[3];
  int32_t step[3];
  for (int32_t p = 0; p < 3; p++) {
    const int32_t there = (uint32_t)iy[p] < (uint32_t)a->in_h && (uint32_t)ix[p] < (uint32_t)a->in_w;
    from[p] = there ? x + (iy[p] * a->in_w + ix[p]) * a->in_c : &outside;
    step[p] = there;
  }
  nk_pack_triples(from[0], from[1], from[2], step[0], step[1], step[2], n, columns);
  return columns + 2 * n;
}

/* The windows of three pixels; iy and ix are where their first taps lie. */
static inline void nk_pack_windows(const int8_t *x, int32_t iy[3], int32_t ix[3], uint32_t *columns,
                                   const nk_triples_args *a) {
  const int32_t last = a->in_w - a->kernel_w;
  int32_t inside = 1;
  for (int32_t p = 0; p < 3; p++) inside &= ix[p] >= 0 && ix[p] <= last;
  for (int32_t i = 0; i < a->kernel_h; i++) {
    if (inside) {
      columns = nk_pack_run(x, iy, ix, a->kernel_w * a->in_c, columns, a);
    } else {
      for (int32_t j = 0; j < a->kernel_w; j++) {
        columns = nk_pack_run(x, iy, ix, a->in_c, columns, a);
        ix[0]++, ix[1]++, ix[2]++;
      }
      ix[0] -= a->kernel_w, ix[1] -= a->kernel_w, ix[2] -= a->kernel_w;
    }
    iy[0]++, iy[1]++, iy[2]++;
  }
}

#endif
