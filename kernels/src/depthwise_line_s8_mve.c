/* DEPTHWISE_CONV_2D with multiplier 1, int8, for cores with Helium (nk_mve_windows_s8.h): windows of
   stride 1, at most 13 taps along one axis: blocks of four neighbours, all in one
   vector. */
#include "nk_kernels.h"
#include "nk_mve_windows_s8.h"

NK_MVE_WINDOWS(nk_mve_windows_line, SHARED, 64, 2)

NK_KERNEL void nk_depthwise_line_s8_mve(const int8_t *x, const int32_t *stream, int8_t *y, void *scratch,
                                        const nk_windows_mve_args *a) {
  int8_t *const words = scratch;
  int8_t *const kept = words + a->words_room;
  int8_t *const zero = kept + a->keep * a->walk_size * NK_MVE_WIDE;
  const int8_t *w = (const int8_t *)(const void *)stream + 8;
  nk_mve_fill(zero, a->x_zero, NK_MVE_WIDE);
  for (int32_t c = 0; c < a->channels; c += NK_MVE_WIDE, w += NK_MVE_STREAM) {
    const int32_t lanes = nk_min(a->channels - c, NK_MVE_WIDE);
    for (int32_t strip = 0; strip < a->strips; strip++) {
      nk_mve_windows s = nk_mve_windows_of(strip, lanes, a);
      nk_mve_words(words, x + c, kept, zero, strip, lanes, a);
      nk_mve_windows_line(&s, words, w, y + strip * a->strip_y + c, a->is_signed);
    }
  }
  if (a->narrow) nk_mve_clamp(y, a->outputs, a->low, a->high);
}
