/* GATHER of elements of any size: slices in the order of the indices, which count from the end
   below 0 and are brought inside. */
#include "nk_kernels.h"

NK_KERNEL void nk_gather(const void *x, const int32_t *indices, void *y, const nk_gather_args *a) {
  const uint8_t *from = x;
  uint8_t *to = y;
  for (int32_t i = 0; i < a->outer; i++) {
    for (int32_t k = 0; k < a->count; k++) {
      const int32_t place = indices[k] < 0 ? indices[k] + a->size : indices[k];
      const int32_t least = place < 0 ? 0 : place;
      const int32_t index = least < a->size ? least : a->size - 1;
      memcpy(to, from + index * a->nbytes, (size_t)a->nbytes);
      to += a->nbytes;
    }
    from += a->size * a->nbytes;
  }
}
