/* Depthwise convolutions in planes (nk_planes_run.h) whose taps lie in flash in
   four bits: the blocks of four channels are unpacked into scratch memory,
   behind the planes, before their rows are computed. */
#ifndef NK_PLANES_PACKED_S8_H
#define NK_PLANES_PACKED_S8_H

#include "nk_planes_run.h"

/* Words of a group in flash: of each channel the bias and two constants of its
   requantisation, then its first eight taps, the first in the lowest bits; then
   every channel's last tap, and above them how far taps are shifted to the
   left. */
#define NK_PLANES_PACKED_GROUP 17

static inline int32_t nk_planes_tap(uint32_t taps, int32_t number, int32_t shift) {
  return (int32_t)((uint32_t)((int32_t)(taps << (28 - 4 * number)) >> 28) << shift);
}

static inline int32_t nk_planes_pair_of(int32_t low, int32_t high) {
  return (int32_t)((uint32_t)high << 16 | (uint32_t)(uint16_t)low);
}

static inline void nk_planes_unpack(const int32_t *group, int32_t *block) {
  const uint32_t last = (uint32_t)group[16];
  const int32_t shift = (int32_t)(last >> 16);
  for (int32_t c = 0; c < 4; c++, block += NK_PLANES_BLOCK) {
    const uint32_t taps = (uint32_t)group[12 + c];
    block[0] = group[3 * c];
    block[7] = group[3 * c + 1];
    block[8] = group[3 * c + 2];
    for (int32_t j = 0; j < 3; j++) {
      const int32_t middle = nk_planes_tap(taps, 3 + j, shift);
      const int32_t bottom = j < 2 ? nk_planes_tap(taps, 6 + j, shift) : nk_planes_tap(last, c, shift);
      block[1 + j] = nk_planes_pair_of(nk_planes_tap(taps, j, shift), middle);
      block[4 + j] = nk_planes_pair_of(middle, bottom);
    }
  }
}

static inline void nk_planes_run_packed(nk_planes_function *function, const int8_t *x, const int32_t *groups,
                                        int8_t *y, int32_t *planes, const nk_planes_args *a) {
  int32_t *const block = planes + 4 * a->slots * a->columns;
  nk_planes_pad(planes, a);
  for (int32_t c = 0; c < a->channels; c += 4, groups += NK_PLANES_PACKED_GROUP) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_planes_unpack(groups, block);
    nk_planes_fill(planes, x + first, 0, 1, a);
    for (int32_t p = 0; p < a->pairs; p += a->batch) {
      nk_planes_fill(planes, x + first, p + 1, a->batch, a);
      nk_planes_batch(function, planes, block, y + first, p, c - first, a);
    }
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

#endif
