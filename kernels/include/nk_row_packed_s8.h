/* Rows (nk_row_s8.h) whose weights are packed: for four inputs of four channels two words of four bits a
   weight, or one word of two. */
#ifndef NK_ROW_PACKED_S8_H
#define NK_ROW_PACKED_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_packed_s8.h"
#include "nk_row_s8.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_ROW_BACK(shift) \
  "asr r4, r4, #" shift "\n asr r5, r5, #" shift "\n asr r6, r6, #" shift "\n asr r7, r7, #" shift "\n"
#define NK_ROW_GROUP_W4                                                                            \
  "ldr r2, [r0], #4\n ldr r9, [r1], #4\n ldr r11, [r1], #4\n" NK_PACKED_FIELDS_4("r8", "r9", "r9") \
      NK_PACKED_FIELDS_4("r10", "r11", "r11") NK_ROW_SUMS
#define NK_ROW_GROUP_W2                                                                                   \
  "ldr r2, [r0], #4\n ldr r11, [r1], #4\n and r8, r11, #0xC0C0C0C0\n" NK_PACKED_FIELD_2("r9", "r11", "2") \
      NK_PACKED_FIELD_2("r10", "r11", "4") NK_PACKED_FIELD_2("r11", "r11", "6") NK_ROW_SUMS
#define NK_ROW_FOUR_W4 NK_ROW_GROUP_W4 NK_ROW_GROUP_W4 NK_ROW_GROUP_W4 NK_ROW_GROUP_W4
#define NK_ROW_FOUR_W2 NK_ROW_GROUP_W2 NK_ROW_GROUP_W2 NK_ROW_GROUP_W2 NK_ROW_GROUP_W2

NK_ROW_FUNCTION(nk_row_fine_w4, NK_ROW_FOUR_W4, NK_ROW_GROUP_W4, NK_ROW_BACK("4"), "4")
NK_ROW_FUNCTION(nk_row_coarse_w4, NK_ROW_FOUR_W4, NK_ROW_GROUP_W4, NK_ROW_BACK("4"), "1")
NK_ROW_FUNCTION(nk_row_fine_w2, NK_ROW_FOUR_W2, NK_ROW_GROUP_W2, NK_ROW_BACK("6"), "4")
NK_ROW_FUNCTION(nk_row_coarse_w2, NK_ROW_FOUR_W2, NK_ROW_GROUP_W2, NK_ROW_BACK("6"), "1")

#else

static inline void nk_row_packed_run(const nk_row *s, int32_t fraction, int32_t bits) {
  const int32_t words = bits / 2;
  const int8_t *w = s->weights;
  int8_t *y = s->y;
  for (const int32_t *scales = s->scales; w < s->weights_end; scales += 12) {
    int32_t sums[4] = {scales[0], scales[1], scales[2], scales[3]};
    for (const int8_t *x = s->x; x < s->x_end; x += 4, w += 4 * words) {
      for (int32_t c = 0; c < 4; c++) {
        const uint32_t word = nk_word(w + 4 * (c * words / 4));
        const uint32_t bytes = nk_packed_field(word, c % (4 / words), bits);
        sums[c] = nk_smlad(nk_pairs_02(bytes), nk_pairs_02(nk_word(x)), sums[c]);
        sums[c] = nk_smlad(nk_pairs_13(bytes), nk_pairs_13(nk_word(x)), sums[c]);
      }
    }
    for (int32_t c = 0; c < 4; c++)
      *y++ = nk_scaled_once(sums[c] >> NK_PACKED_SHIFT(bits), scales + 4 + 2 * c, fraction);
  }
}

static inline void nk_row_fine_w4(const nk_row *s) { nk_row_packed_run(s, 4, 4); }
static inline void nk_row_coarse_w4(const nk_row *s) { nk_row_packed_run(s, 1, 4); }
static inline void nk_row_fine_w2(const nk_row *s) { nk_row_packed_run(s, 4, 2); }
static inline void nk_row_coarse_w2(const nk_row *s) { nk_row_packed_run(s, 1, 2); }

#endif

static inline void nk_row_packed(const nk_row *s, int32_t coarse, int32_t bits) {
  if (bits == 4 && coarse) {
    nk_row_coarse_w4(s);
  } else if (bits == 4) {
    nk_row_fine_w4(s);
  } else if (coarse) {
    nk_row_coarse_w2(s);
  } else {
    nk_row_fine_w2(s);
  }
}

/* All rows of a layer; the last one to three channels go by way of four bytes of their own. */
static inline void nk_rows_packed(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                  int32_t bits, const nk_row_args *a) {
  const int32_t fours = a->channels >> 2;
  const int32_t rest = a->channels & 3;
  const int32_t bytes = a->depth / 2 * bits; /* of four channels */
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    nk_row s = {x, x + 32 * (a->depth >> 5), x + a->depth, w, w + bytes * fours, scales, y};
    if (fours > 0) nk_row_packed(&s, a->coarse, bits);
    if (rest > 0) {
      int8_t last[4];
      s.weights = s.weights_end;
      s.weights_end = s.weights + bytes;
      s.scales = scales + 12 * fours;
      s.y = last;
      nk_row_packed(&s, a->coarse, bits);
      memcpy(y + 4 * fours, last, (size_t)rest);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
  }
}

#endif
