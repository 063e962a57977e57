/* A cell of a GRU: from the sums of its three gates (update, reset, new) to its new state. LOGISTIC and TANH
   of twelve bits behind the point are those of nk_logistic_s16 and nk_tanh_s16. */
#ifndef NK_GRU_S8_H
#define NK_GRU_S8_H

#include "nk_kernels.h"
#include "nk_requantize.h"

static inline int32_t nk_gru_saturated(int32_t x) { return nk_clamp(x, -32768, 32767); }

static inline int32_t nk_gru_logistic(int32_t x, const uint16_t *table) {
  const int32_t size = 3 * (x < 0 ? -x : x);
  const int32_t index = size >> 9;
  int32_t v = 0x7FFF << 10;
  if (index < 255) v = (table[index] << 9) + (size & 0x1FF) * (table[index + 1] - table[index]);
  return (x >= 0 ? v + 512 : (1 << 25) - v + 511) >> 10;
}

static inline int32_t nk_gru_tanh(int32_t x, const uint16_t *table) {
  const int32_t size = 3 * (x < 0 ? -x : x);
  const int32_t index = size >> 8;
  int32_t v = 0xFFFF << 8;
  if (index < 255) v = (table[index] << 8) + (size & 0xFF) * (table[index + 1] - table[index]);
  return (x >= 0 ? v - (1 << 23) + 128 : (1 << 23) - v + 127) >> 8;
}

/* Updates the state of 16 bits and gives the one of 8. */
static inline int8_t nk_gru_cell(const int32_t *x_sums, const int32_t *h_sums, const uint16_t *table,
                                 int16_t *state, const nk_gru_args *a) {
  int32_t of_x[3], of_h[3];
  for (int32_t g = 0; g < 3; g++) {
    of_x[g] = nk_gru_saturated(nk_scale_fixed(x_sums[g], a->x_multiplier[g], a->x_shift[g]));
    of_h[g] = nk_gru_saturated(nk_scale_fixed(h_sums[g], a->h_multiplier[g], a->h_shift[g]));
  }
  const int32_t update = nk_gru_logistic(nk_gru_saturated(of_x[0] + of_h[0]), table);
  const int32_t reset = nk_gru_logistic(nk_gru_saturated(of_x[1] + of_h[1]), table);
  const int32_t past = nk_rounding_shift_right(reset * of_h[2], 15);
  const int32_t candidate = nk_gru_tanh(nk_gru_saturated(of_x[2] + past), table);
  const int32_t now = (update * *state + (32768 - update) * candidate + (1 << 14)) >> 15;
  *state = (int16_t)now;
  return (int8_t)nk_clamp(nk_scale_fixed(now, a->y_multiplier, a->y_shift) + a->y_zero, -128, 127);
}

#endif
