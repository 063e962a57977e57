/* A cell of an LSTM: from the sums of its four gates (input, forget, cell, output) to its new states. */
#ifndef NK_LSTM_S8_H
#define NK_LSTM_S8_H

#include "nk_fixed_point_s16.h"
#include "nk_kernels.h"
#include "nk_requantize.h"

/* A gate before its function, twelve bits behind the point: each product is rounded by itself. */
static inline int32_t nk_lstm_gate_s8(int32_t gate, const int32_t *x_sums, const int32_t *h_sums,
                                      const nk_lstm_args *a) {
  const int32_t of_x = nk_scale_fixed(x_sums[gate], a->x_multiplier[gate], a->x_shift[gate]);
  const int32_t of_h = nk_scale_fixed(h_sums[gate], a->h_multiplier[gate], a->h_shift[gate]);
  return nk_saturate_s16(nk_saturate_s16(of_x) + of_h);
}

/* Updates the cell state and gives the hidden one. */
static inline int8_t nk_lstm_cell_s8(const int32_t *x_sums, const int32_t *h_sums, int16_t *c,
                                     const nk_lstm_args *a) {
  const int32_t in = nk_logistic_fixed_s16(nk_lstm_gate_s8(0, x_sums, h_sums, a));
  const int32_t forget = nk_logistic_fixed_s16(nk_lstm_gate_s8(1, x_sums, h_sums, a));
  const int32_t candidate = nk_tanh_fixed_s16(nk_lstm_gate_s8(2, x_sums, h_sums, a), 3);
  const int32_t out = nk_logistic_fixed_s16(nk_lstm_gate_s8(3, x_sums, h_sums, a));
  const int32_t kept = nk_rounding_shift_right(forget * *c, 15);
  const int32_t cell =
      nk_clamp(kept + nk_rounding_shift_right(in * candidate, a->cell_shift), a->cell_low, a->cell_high);
  *c = (int16_t)cell;
  const int32_t hidden = out * nk_tanh_fixed_s16(cell, a->cell_shift - 15);
  return (int8_t)nk_clamp(nk_scale_fixed(hidden, a->y_multiplier, a->y_shift) + a->y_zero, -128, 127);
}

#endif
