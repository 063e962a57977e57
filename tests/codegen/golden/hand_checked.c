#include "hand_checked.h"

#include <stddef.h>
#include <stdint.h>

#include "hand_checked_kernels.h"
#include "hand_checked_weights.h"

/* Each layer stays a function of its own: profiles and stack traces name it. */
#if defined(__GNUC__) || defined(__clang__)
#define NK_LAYER __attribute__((noinline))
#else
#define NK_LAYER
#endif

/* conv_2d: 2x2x1 -> 2x2x2; 8 MACs */
static NK_LAYER void hand_checked_model_lines(const int8_t *x, int8_t *y, uint8_t *scratch) {
  nk_pointwise_w4_halves(x, hand_checked_model_lines_weights, hand_checked_model_lines_scales, y, scratch,
                         &hand_checked_model_lines_args);
}

/* max_pool_2d: 2x2x2 -> 1x1x2 */
static NK_LAYER void hand_checked_peaks(const int8_t *x, int8_t *y) {
  nk_max_pool_2d_s8(x, y, &hand_checked_peaks_args);
}

/* fully_connected: 1x1x2 -> 2; 4 MACs */
static NK_LAYER void hand_checked_scores(const int8_t *x, int8_t *y) {
  nk_fully_connected_w4(x, hand_checked_scores_weights, hand_checked_scores_bias,
                        hand_checked_scores_multiplier, hand_checked_scores_shift, y,
                        &hand_checked_scores_args);
}

int hand_checked_invoke(void *arena, const int8_t *in0, int8_t *out0) {
  uint8_t *const a = arena;
  if (arena == NULL || in0 == NULL || out0 == NULL) {
    return HAND_CHECKED_ERROR_ARGUMENT;
  }
  hand_checked_model_lines(in0, (int8_t *)(a + 48), a);
  hand_checked_peaks((const int8_t *)(a + 48), (int8_t *)a);
  hand_checked_scores((const int8_t *)a, out0);
  return 0;
}
