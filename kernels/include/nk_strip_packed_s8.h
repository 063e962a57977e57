/* Strips (nk_strip_s8.h) whose weights are packed. Four bits: a word holds four inputs' weights of two
   channels; two bits: those of eight inputs, so that groups come by two. */
#ifndef NK_STRIP_PACKED_S8_H
#define NK_STRIP_PACKED_S8_H

#include "nk_packed_s8.h"
#include "nk_strip_store.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_STRIP_BACK(shift)                                                                       \
  "asr r4, r4, #" shift "\n asr r5, r5, #" shift "\n asr r6, r6, #" shift "\n asr r7, r7, #" shift \
  "\n"                                                                                             \
  "asr r8, r8, #" shift "\n asr lr, lr, #" shift "\n"

#define NK_STRIP_GROUP_W4 "ldr r3, [r1], #4\n" NK_PACKED_FIELDS_4("r2", "r3", "r3") NK_STRIP_SUMS
#define NK_STRIP_FOUR_W4 NK_STRIP_GROUP_W4 NK_STRIP_GROUP_W4 NK_STRIP_GROUP_W4 NK_STRIP_GROUP_W4
#define NK_STRIP_TWO_W2                                                                           \
  "ldr r3, [r1], #4\n and r2, r3, #0xC0C0C0C0\n" NK_PACKED_FIELD_2("r3", "r3", "2") NK_STRIP_SUMS \
      "ldr r3, [r1, #-4]\n" NK_PACKED_FIELD_2("r2", "r3", "4") NK_PACKED_FIELD_2("r3", "r3", "6") \
          NK_STRIP_SUMS
#define NK_STRIP_FOUR_W2 NK_STRIP_TWO_W2 NK_STRIP_TWO_W2

NK_STRIP_FUNCTION(nk_strip_relu_w4, NK_STRIP_FOUR_W4, NK_STRIP_GROUP_W4,
                  NK_STRIP_BACK("4") NK_STRIP_SCALE_RELU)
NK_STRIP_FUNCTION(nk_strip_plain_w4, NK_STRIP_FOUR_W4, NK_STRIP_GROUP_W4, NK_STRIP_BACK("4") NK_STRIP_SCALE)
NK_STRIP_FUNCTION(nk_strip_relu_w2, NK_STRIP_FOUR_W2, NK_STRIP_TWO_W2, NK_STRIP_BACK("6") NK_STRIP_SCALE_RELU)
NK_STRIP_FUNCTION(nk_strip_plain_w2, NK_STRIP_FOUR_W2, NK_STRIP_TWO_W2, NK_STRIP_BACK("6") NK_STRIP_SCALE)

#else

/* Group `g` of channel `c` of a pair. */
static inline uint32_t nk_strip_packed_bytes(const int8_t *w, int32_t g, int32_t c, int32_t bits) {
  const int32_t words = bits == 4 ? g : g >> 1;
  const int32_t field = bits == 4 ? c : 2 * (g & 1) + c;
  return nk_packed_field(nk_word(w + 4 * words), field, bits);
}

/* `words` scale constants a channel. */
static inline void nk_strip_packed_run(const nk_strip *s, int32_t words, int32_t bits) {
  const int32_t *scales = s->scales;
  const int32_t groups = (int32_t)((s->columns_end - s->columns) / 6);
  int8_t *y = s->y;
  for (const int8_t *w = s->weights; w < s->weights_end; w += groups * bits, scales += 2 * words + 2) {
    for (int32_t c = 0; c < 2; c++, y++) {
      for (int32_t p = 0; p < 3; p++) {
        const int32_t *scale = scales + 2 + words * c;
        int32_t sum = scales[c];
        for (int32_t g = 0; g < groups; g++) {
          const uint32_t bytes = nk_strip_packed_bytes(w, g, c, bits);
          sum = nk_smlad(nk_pairs_02(bytes), (uint32_t)s->columns[6 * g + p], sum);
          sum = nk_smlad(nk_pairs_13(bytes), (uint32_t)s->columns[6 * g + 3 + p], sum);
        }
        sum >>= NK_PACKED_SHIFT(bits);
        y[p * s->stride] = words == 2 ? nk_strip_scaled_relu(sum, scale) : nk_strip_scaled(sum, scale);
      }
    }
  }
}

static inline void nk_strip_relu_w4(const nk_strip *s) { nk_strip_packed_run(s, 2, 4); }
static inline void nk_strip_plain_w4(const nk_strip *s) { nk_strip_packed_run(s, 3, 4); }
static inline void nk_strip_relu_w2(const nk_strip *s) { nk_strip_packed_run(s, 2, 2); }
static inline void nk_strip_plain_w2(const nk_strip *s) { nk_strip_packed_run(s, 3, 2); }

#endif

static inline void nk_strip_store_packed(nk_strip *s, int8_t *y, int8_t *staged, int32_t whole, int32_t bits,
                                         const nk_strip_args *a) {
  const int32_t direct = nk_strip_aim(s, y, staged, whole, a);
  if (bits == 4 && a->relu) {
    nk_strip_relu_w4(s);
  } else if (bits == 4) {
    nk_strip_plain_w4(s);
  } else if (a->relu) {
    nk_strip_relu_w2(s);
  } else {
    nk_strip_plain_w2(s);
  }
  nk_strip_deliver(s, y, staged, whole, direct, a);
}

static inline nk_strip nk_strip_packed(int32_t *columns, const int8_t *w, const int32_t *scales,
                                       const nk_strip_args *a) {
  return (nk_strip){.columns = columns,
                    .columns_fours = columns + 24 * (a->groups >> 2),
                    .columns_end = columns + 6 * a->groups,
                    .weights = w,
                    .weights_end = w + a->weight_bytes,
                    .scales = scales};
}

#endif
