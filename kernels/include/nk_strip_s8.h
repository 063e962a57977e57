/* The heart of the int8 convolutions on cores with the DSP extension: three pixels times all output channels.

   Activations come as columns: each group of four inputs of a pixel is widened to the halfword pairs (0, 2)
   and (1, 3), as SXTB16 gives them, and the pairs of three pixels stand together: six words a group. Weights
   stand by two channels: four bytes of the one, four of the other, group after group. So each word of weights
   is unpacked once and used for three pixels, and each word of activations feeds two channels: 24 MACs for
   eight loads. */
#ifndef NK_STRIP_S8_H
#define NK_STRIP_S8_H

#include "nk_pairs_s8.h"

/* What a strip reads and writes. `scales` is a stream: the biases of the first two channels, then for every
   two channels {multiplier, rounding, shift} of each (relu: {multiplier, addend}) and the biases of the next
   two. y + p * stride is pixel p. */
typedef struct nk_strip {
  const int32_t *columns;
  const int32_t *columns_fours; /* end of the last whole four groups */
  const int32_t *columns_end;
  const int8_t *weights;
  const int8_t *weights_end;
  const int32_t *scales;
  int8_t *y;
  int32_t stride;
} nk_strip;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 columns, r1 weights, r4-r6 one channel's sums, r7 r8 lr the other's, r9-r11 activations. */
#define NK_STRIP_SUMS                                                                                  \
  "ldr r9, [r0], #4\n ldr r10, [r0], #4\n ldr r11, [r0], #4\n"                                         \
  "sxtb16 r12, r2\n smlad r4, r12, r9, r4\n smlad r5, r12, r10, r5\n smlad r6, r12, r11, r6\n"         \
  "sxtb16 r12, r3\n smlad r7, r12, r9, r7\n smlad r8, r12, r10, r8\n smlad lr, r12, r11, lr\n"         \
  "ldr r9, [r0], #4\n ldr r10, [r0], #4\n ldr r11, [r0], #4\n"                                         \
  "sxtb16 r12, r2, ror #8\n smlad r4, r12, r9, r4\n smlad r5, r12, r10, r5\n smlad r6, r12, r11, r6\n" \
  "sxtb16 r12, r3, ror #8\n smlad r7, r12, r9, r7\n smlad r8, r12, r10, r8\n smlad lr, r12, r11, lr\n"

#define NK_STRIP_GROUP "ldr r2, [r1], #4\n ldr r3, [r1], #4\n" NK_STRIP_SUMS
#define NK_STRIP_FOUR_GROUPS NK_STRIP_GROUP NK_STRIP_GROUP NK_STRIP_GROUP NK_STRIP_GROUP

/* The struct is copied to the stack: sp+0 columns, 4 columns_fours, 8 columns_end, 12 weights, 16
   weights_end, 20 scales, 24 y, 28 stride. Label 1: two channels; 2: four groups; 4: one group; 5: requantise
   and store. */
#define NK_STRIP_FUNCTION(name, FOUR_GROUPS, GROUP, SCALE)                                       \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_strip *s) { \
    __asm__ volatile(                                                                            \
        "push {r4-r11, lr}\n ldm r0, {r1-r8}\n push {r1-r8}\n mov r1, r4\n"                      \
        "ldr r0, [sp, #20]\n ldm r0!, {r4, r7}\n str r0, [sp, #20]\n"                            \
        "1: mov r5, r4\n mov r6, r4\n mov r8, r7\n mov lr, r7\n"                                 \
        "ldr r0, [sp]\n ldr r12, [sp, #4]\n cmp r0, r12\n beq 3f\n"                              \
        "2:\n" FOUR_GROUPS                                                                       \
        "ldr r12, [sp, #4]\n cmp r0, r12\n bne 2b\n"                                             \
        "3: ldr r12, [sp, #8]\n cmp r0, r12\n beq 5f\n"                                          \
        "4:\n" GROUP                                                                             \
        "ldr r12, [sp, #8]\n cmp r0, r12\n bne 4b\n"                                             \
        "5: ldr r0, [sp, #20]\n str r1, [sp, #12]\n" SCALE                                       \
        "ldr r1, [sp, #24]\n ldr r2, [sp, #28]\n"                                                \
        "strb r6, [r1, r2, lsl #1]\n strb r5, [r1, r2]\n strb r4, [r1], #1\n"                    \
        "strb lr, [r1, r2, lsl #1]\n strb r8, [r1, r2]\n strb r7, [r1], #1\n"                    \
        "str r1, [sp, #24]\n ldm r0!, {r4, r7}\n str r0, [sp, #20]\n"                            \
        "ldr r1, [sp, #12]\n ldr r2, [sp, #16]\n cmp r1, r2\n bne 1b\n"                          \
        "add sp, sp, #32\n pop {r4-r11, pc}\n");                                                 \
  }

NK_STRIP_FUNCTION(nk_strip_relu_s8, NK_STRIP_FOUR_GROUPS, NK_STRIP_GROUP, NK_STRIP_SCALE_RELU)
NK_STRIP_FUNCTION(nk_strip_s8, NK_STRIP_FOUR_GROUPS, NK_STRIP_GROUP, NK_STRIP_SCALE)

#else

/* The sums of one channel's weights (every second word from `w` on) with the columns of three pixels. */
static inline void nk_strip_sums(int32_t sums[3], const int32_t *columns, const int32_t *end,
                                 const int8_t *w) {
  for (; columns < end; columns += 6, w += 8) {
    uint32_t bytes;
    memcpy(&bytes, w, 4);
    for (int32_t p = 0; p < 3; p++) {
      sums[p] = nk_smlad(nk_pairs_02(bytes), (uint32_t)columns[p], sums[p]);
      sums[p] = nk_smlad(nk_pairs_13(bytes), (uint32_t)columns[3 + p], sums[p]);
    }
  }
}

/* `words` scale constants a channel. */
static inline void nk_strip_run(const nk_strip *s, int32_t words) {
  const int32_t *scales = s->scales;
  const int32_t step = (int32_t)((s->columns_end - s->columns) / 6) * 8;
  int8_t *y = s->y;
  for (const int8_t *w = s->weights; w < s->weights_end; w += step, scales += 2 * words + 2) {
    for (int32_t c = 0; c < 2; c++, y++) {
      int32_t sums[3] = {scales[c], scales[c], scales[c]};
      const int32_t *scale = scales + 2 + words * c;
      nk_strip_sums(sums, s->columns, s->columns_end, w + 4 * c);
      for (int32_t p = 0; p < 3; p++) {
        y[p * s->stride] =
            words == 2 ? nk_strip_scaled_relu(sums[p], scale) : nk_strip_scaled(sums[p], scale);
      }
    }
  }
}

static inline void nk_strip_relu_s8(const nk_strip *s) { nk_strip_run(s, 2); }

static inline void nk_strip_s8(const nk_strip *s) { nk_strip_run(s, 3); }

#endif

static inline void nk_widen_word(uint32_t bytes, int32_t *columns) {
  columns[0] = (int32_t)nk_pairs_02(bytes);
  columns[3] = (int32_t)nk_pairs_13(bytes);
}

/* Widens `groups` x 4 bytes into one pixel's place in the columns; four words are loaded in a row, which is
 * cheaper. */
static inline void nk_widen_s8(const int8_t *x, int32_t groups, int32_t *columns) {
  for (; groups >= 4; groups -= 4, x += 16, columns += 24) {
    const uint32_t w0 = nk_word(x), w1 = nk_word(x + 4), w2 = nk_word(x + 8), w3 = nk_word(x + 12);
    nk_widen_word(w0, columns);
    nk_widen_word(w1, columns + 6);
    nk_widen_word(w2, columns + 12);
    nk_widen_word(w3, columns + 18);
  }
  for (; groups > 0; groups--, x += 4, columns += 6) nk_widen_word(nk_word(x), columns);
}

/* The same for a length that need not be a multiple of four: what is missing meets weights of zero. */
static inline void nk_widen_tail_s8(const int8_t *x, int32_t length, int32_t *columns) {
  nk_widen_s8(x, length >> 2, columns);
  if ((length & 3) != 0) {
    uint32_t bytes = 0;
    memcpy(&bytes, x + (length & ~3), (size_t)(length & 3));
    columns += 6 * (length >> 2);
    columns[0] = (int32_t)nk_pairs_02(bytes);
    columns[3] = (int32_t)nk_pairs_13(bytes);
  }
}

#endif
