/* The heart of the int8 convolutions on cores with the DSP extension: two pixels times all output channels,
   four at a time.

   Columns hold, for every two inputs, a pair of halfwords of each pixel: inputs 0 and 2 of a group of four,
   then 1 and 3, as SXTB16 gives them. Weights stand by two channels in a halfword (nk_duo_s8.h): two words of
   weights and two of the columns make sixteen products, in 15 cycles of a Cortex-M4 and all its registers. */
#ifndef NK_STRIP_DUO_S8_H
#define NK_STRIP_DUO_S8_H

#include <stddef.h>

#include "nk_args.h"
#include "nk_duo_s8.h"
#include "nk_fixed_point.h"

/* A block of the stream is four channels: what their sums start from (A and P of every two), two words of
   weights for every two inputs, their scale constants and their place in a pixel. Scale constants: relu
   {multiplier, addend} of each channel (high_multiply.py), else the zero point and {multiplier, 2^(32 -
   shift)} of each. Pixel 1 lies `stride` behind pixel 0; with stride 0 it is overwritten by it. entry: where
   in the loop to begin (bytes behind label 2), for the depth. When x is not NULL, the columns of each of
   `strips` strips are made from whole words at x and x_step behind it; else they are there, and strips is 1.
 */
typedef struct nk_strip_duo {
  int32_t *columns;
  const int32_t *columns_end;
  const int32_t *stream;
  const int32_t *stream_end;
  int8_t *y;
  int32_t stride;
  uint32_t entry;
  const int8_t *x;
  int32_t x_step;
  int32_t strips;
} nk_strip_duo;

/* Bytes of code for two inputs, and how many of them a loop. */
#define NK_STRIP_DUO_PAIR 56
#define NK_STRIP_DUO_UNROLLED 16

static inline void nk_duo_widen_word(uint32_t bytes, int32_t *columns) {
  columns[0] = (int32_t)nk_pairs_02(bytes);
  columns[2] = (int32_t)nk_pairs_13(bytes);
}

/* Widens `groups` x 4 bytes into one pixel's place in the columns; words are loaded by fours, which is
 * cheaper. */
static inline void nk_duo_widen(const int8_t *x, int32_t groups, int32_t *columns) {
  for (; groups >= 4; groups -= 4, x += 16, columns += 16) {
    const uint32_t w0 = nk_word(x), w1 = nk_word(x + 4), w2 = nk_word(x + 8), w3 = nk_word(x + 12);
    nk_duo_widen_word(w0, columns);
    nk_duo_widen_word(w1, columns + 4);
    nk_duo_widen_word(w2, columns + 8);
    nk_duo_widen_word(w3, columns + 12);
  }
  for (; groups > 0; groups--, x += 4, columns += 4) nk_duo_widen_word(nk_word(x), columns);
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 columns, r1 stream, r4 r5 first channel's sums, r6 r7 both's; r8-r11 those of the other two. Loads stand
 * together, which is cheaper on a Cortex-M4; pointers move with the last one, lest a Cortex-M7 wait for them.
 */
#define NK_STRIP_DUO_STEP                                                            \
  "ldr.w r3, [r0, #4]\n ldr.w lr, [r1, #4]\n ldr r2, [r0], #8\n ldr r12, [r1], #8\n" \
  "smlad r11, lr, r3, r11\n smlad r10, lr, r2, r10\n sxtb16 lr, lr\n"                \
  "smlad r9, lr, r3, r9\n smlad r8, lr, r2, r8\n"                                    \
  "smlad r7, r12, r3, r7\n smlad r6, r12, r2, r6\n sxtb16 r12, r12\n"                \
  "smlad r5, r12, r3, r5\n smlad r4, r12, r2, r4\n"
/* The first two inputs: both pixels' sums start from the same. */
#define NK_STRIP_DUO_FIRST                                                                      \
  "ldr r0, [sp]\n ldr lr, [r1, #4]\n ldr r12, [r1], #8\n ldr r3, [r0, #4]\n ldr r2, [r0], #8\n" \
  "smlad r11, lr, r3, r10\n smlad r10, lr, r2, r10\n sxtb16 lr, lr\n"                           \
  "smlad r9, lr, r3, r8\n smlad r8, lr, r2, r8\n"                                               \
  "smlad r7, r12, r3, r6\n smlad r6, r12, r2, r6\n sxtb16 r12, r12\n"                           \
  "smlad r5, r12, r3, r4\n smlad r4, r12, r2, r4\n"
#define NK_STRIP_DUO_FOUR NK_STRIP_DUO_STEP NK_STRIP_DUO_STEP NK_STRIP_DUO_STEP NK_STRIP_DUO_STEP

#define NK_STRIP_DUO_TWO_ONCE(first0, first1, second0, second1)                                    \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_ONCE(first0, "r2", "r3", "4") NK_ONCE(first1, "r2", "r3", "4") \
      NK_ONCE(second0, "r12", "lr", "12") NK_ONCE(second1, "r12", "lr", "12")
#define NK_STRIP_DUO_ONCE \
  NK_STRIP_DUO_TWO_ONCE("r4", "r5", "r6", "r7") NK_STRIP_DUO_TWO_ONCE("r8", "r9", "r10", "r11")

#define NK_STRIP_DUO_TWO_TWICE(first0, first1, second0, second1)                                        \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_TWICE(first0, "r2", "r3", "r0")                                     \
      NK_TWICE(first1, "r2", "r3", "r0") "asr " second0 ", " second0 ", #8\n asr " second1 ", " second1 \
                                         ", #8\n" NK_TWICE(second0, "r12", "lr", "r0")                  \
                                             NK_TWICE(second1, "r12", "lr", "r0")
#define NK_STRIP_DUO_TWICE                                            \
  "ldr r0, [r1], #4\n" NK_STRIP_DUO_TWO_TWICE("r4", "r5", "r6", "r7") \
      NK_STRIP_DUO_TWO_TWICE("r8", "r9", "r10", "r11")

/* Four inputs of both pixels. */
#define NK_STRIP_DUO_WIDEN                                                        \
  "ldr r4, [r2], #4\n ldr r6, [r3], #4\n sxtb16 r5, r6\n sxtb16 r7, r6, ror #8\n" \
  "sxtb16 r6, r4, ror #8\n sxtb16 r4, r4\n stm r0!, {r4-r7}\n"

/* sp+0 columns, 4 columns_end, 8 stream, 12 stream_end, 16 y, 20 stride, 24 entry, 28 x, 32 x_step, 36
   strips. Label 0: a strip; 9: its columns; 1: four channels; 2: two inputs after two. */
#define NK_STRIP_DUO_FUNCTION(name, SCALE)                                                                 \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_strip_duo *s) {       \
    __asm__ volatile(                                                                                      \
        "push {r4-r11, lr}\n ldm r0, {r1-r10}\n adr r11, 2f\n orr r11, r11, #1\n add r7, r11\n"            \
        "push {r1-r10}\n"                                                                                  \
        "0: ldr r2, [sp, #28]\n ldr r3, [sp, #32]\n ldr r1, [sp, #8]\n ldr r0, [sp]\n ldr r12, [sp, #4]\n" \
        "cbz r2, 1f\n add r3, r2\n"                                                                        \
        "9:\n" NK_STRIP_DUO_WIDEN                                                                          \
        "cmp r0, r12\n bne 9b\n str r3, [sp, #28]\n"                                                       \
        "1: ldm r1!, {r4, r6, r8, r10}\n" NK_STRIP_DUO_FIRST                                               \
        "ldr pc, [sp, #24]\n .p2align 2\n"                                                                 \
        "2:\n" NK_STRIP_DUO_FOUR NK_STRIP_DUO_FOUR NK_STRIP_DUO_FOUR NK_STRIP_DUO_FOUR                     \
        "ldr r2, [sp, #4]\n cmp r0, r2\n bne 2b\n"                                                         \
        "sub r6, r6, r4\n sub r7, r7, r5\n sub r10, r10, r8\n sub r11, r11, r9\n" SCALE                    \
        "ldr r2, [r1], #4\n ldr r3, [sp, #20]\n ldr r12, [sp, #16]\n ldr lr, [sp, #12]\n add r2, r12\n"    \
        "strb r5, [r2, r3]\n strb r4, [r2], #1\n strb r7, [r2, r3]\n strb r6, [r2], #1\n"                  \
        "strb r9, [r2, r3]\n strb r8, [r2], #1\n strb r11, [r2, r3]\n strb r10, [r2]\n"                    \
        "cmp r1, lr\n bne 1b\n"                                                                            \
        "ldr r4, [sp, #36]\n add r12, r12, r3, lsl #1\n str r12, [sp, #16]\n subs r4, #1\n"                \
        "str r4, [sp, #36]\n bne 0b\n"                                                                     \
        "add sp, sp, #40\n pop {r4-r11, pc}\n");                                                           \
  }

NK_STRIP_DUO_FUNCTION(nk_strip_duo_relu_s8, NK_STRIP_DUO_ONCE)
NK_STRIP_DUO_FUNCTION(nk_strip_duo_signed_s8, NK_STRIP_DUO_TWICE)

#else

/* Four channels of two pixels: sums[pair][pixel]; `w` moves behind the weights. */
static inline const int32_t *nk_strip_duo_sums(int32_t sums[2][2][2], const nk_strip_duo *s,
                                               const int32_t *w) {
  for (int32_t pair = 0; pair < 2; pair++) {
    for (int32_t p = 0; p < 2; p++) memcpy(sums[pair][p], w + 2 * pair, sizeof sums[pair][p]);
  }
  w += 4;
  for (const int32_t *x = s->columns; x < s->columns_end; x += 2, w += 2) {
    for (int32_t i = 0; i < 4; i++) nk_duo_one(sums[i / 2][i % 2], (uint32_t)w[i / 2], (uint32_t)x[i % 2]);
  }
  return w;
}

static inline void nk_strip_duo_tiles(const nk_strip_duo *s, int8_t *to, int32_t relu) {
  for (const int32_t *w = s->stream; w < s->stream_end; w += 9 + (relu ? 0 : 1)) {
    int32_t sums[2][2][2];
    w = nk_strip_duo_sums(sums, s, w);
    const int32_t *scale = w + (relu ? 0 : 1);
    int8_t *y = to + scale[8];
    for (int32_t c = 0; c < 4; c++, scale += 2, y++) {
      for (int32_t p = 1; p >= 0; p--) {
        const int32_t *const sum = sums[c / 2][p];
        const int32_t acc = c % 2 == 0 ? sum[0] : nk_duo_second(sum);
        y[p * s->stride] = relu ? nk_scaled_once(acc, scale, c % 2 == 0 ? 4 : 12)
                                : nk_scaled_twice(c % 2 == 0 ? acc : acc >> 8, scale, w[0]);
      }
    }
  }
}

static inline void nk_strip_duo_run(const nk_strip_duo *s, int32_t relu) {
  const int8_t *x = s->x;
  for (int32_t i = 0; i < s->strips; i++) {
    if (s->x != NULL) {
      const int32_t groups = (int32_t)(s->columns_end - s->columns) / 4;
      nk_duo_widen(x, groups, s->columns);
      nk_duo_widen(x + s->x_step, groups, s->columns + 1);
      x += s->x_step + 4 * groups;
    }
    nk_strip_duo_tiles(s, s->y + 2 * i * s->stride, relu);
  }
}

static inline void nk_strip_duo_relu_s8(const nk_strip_duo *s) { nk_strip_duo_run(s, 1); }

static inline void nk_strip_duo_signed_s8(const nk_strip_duo *s) { nk_strip_duo_run(s, 0); }

#endif

#endif
