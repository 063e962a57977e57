/* FULLY_CONNECTED, int8, on cores without SIMD: eight channels a walk over the row, two products a
   multiplication (nk_dot_pairs_s8.h). Sums are taken out of the words after every `cut` inputs. */
#include "nk_dot_pairs_s8.h"
#include "nk_kernels.h"
#include "nk_steps_s8.h"

/* For every piece of a row minus 128 times the sum of its inputs, in both halves of a word. */
static inline void nk_pair_offsets(const int8_t *x, uint32_t *offsets, const nk_pairs_args *a) {
  for (int32_t k = 0; k < a->depth; k += a->cut) {
    int32_t sum = 0;
    for (int32_t i = nk_min(a->cut, a->depth - k); i > 0; i--) sum += *x++;
    *offsets++ = UINT32_C(0) - (uint32_t)sum * UINT32_C(0x00800080);
  }
}

/* Adds the sums in the words to those of channels 0 and 2 of four. */
static inline void nk_part_pair(uint32_t t, int32_t *sums) {
  const int32_t low = (int16_t)(t & 0xFFFFU);
  sums[0] += low;
  sums[2] += (int32_t)(t - (uint32_t)low) >> 16;
}

NK_KERNEL void nk_fully_connected_s8_pairs(const int8_t *x, const uint32_t *w, const int32_t *scales,
                                           int8_t *y, void *scratch, const nk_pairs_args *a) {
  uint32_t *const offsets = scratch;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const uint32_t *wc = w;
    const int32_t *scale = scales;
    nk_pair_offsets(x, offsets, a);
    for (int32_t left = a->channels; left > 0; left -= 8, wc += 2 * a->depth) {
      int32_t sums[8] = {0};
      for (int32_t k = 0, piece = 0; k < a->depth; k += a->cut, piece++) {
        uint32_t t[4];
        t[0] = offsets[piece];
        nk_dot_pairs8(x + k, wc + k, wc + (left > 4 ? a->depth : 0) + k, nk_min(a->cut, a->depth - k), t);
        for (int32_t i = 0; i < 4; i++) nk_part_pair(t[i], sums + (i >> 1) * 4 + (i & 1));
      }
      for (int32_t c = 0; c < nk_min(left, 8); c++, scale += a->stride) {
        *y++ = (int8_t)nk_step(sums[c], scale, a->stride, a->shift);
      }
    }
  }
}
