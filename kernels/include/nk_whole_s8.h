/* One output of nk_depthwise_whole_s8_dsp: pixels that stand side by side times their taps. */
#ifndef NK_WHOLE_S8_H
#define NK_WHOLE_S8_H

#include <stdint.h>
#include <string.h>

#include "nk_args.h"
#include "nk_halves_s8.h"
#include "nk_scale_s8.h"

/* One output of `end` - y channels, a multiple of four. The order of the members is that of the stack frame
   of the assembly. */
typedef struct nk_whole {
  int32_t pixels; /* under a window, less the first two */
  int32_t zero;
  int32_t back;      /* bytes from the pixel after the last pair of a window to the next channels' first */
  const int8_t *end; /* of the outputs */
  const int8_t *x;
  int32_t step; /* bytes from a pixel to the next */
  const int32_t *block;
  int8_t *y;
} nk_whole;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_WHOLE_HIGH(sum, first) \
  "smmlar " sum ", " sum ", " first ", " sum "\n add " sum ", " sum ", " sum ", asr #31\n"
#define NK_WHOLE_STORE(sum, second) \
  "smmlar " sum ", " sum ", " second ", r12\n ssat " sum ", #8, " sum "\n strb " sum ", [lr], #1\n"

/* r0 x, r1 step, r2 block, r3 pixels, r4-r7 sums, lr y. Label 1: four channels; 2: two pixels; 3: the last.
 */
__attribute__((naked, noinline)) static void nk_whole_output_s8(__attribute__((unused)) const nk_whole *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldm r0, {r4-r11}\n push {r4-r7}\n mov r0, r8\n mov r1, r9\n mov r2, r10\n mov lr, "
      "r11\n"
      "1: ldm r2!, {r4-r7}\n ldr r3, [sp]\n"
      "2: ldr r8, [r0]\n ldr r9, [r0, r1]\n ldr r10, [r2], #4\n ldr r11, [r2], #4\n add r0, r0, r1, lsl #1\n"
      "pkhbt r12, r8, r9, lsl #16\n pkhtb r9, r9, r8, asr #16\n sxtb16 r8, r12\n sxtb16 r12, r12, ror #8\n"
      "smlad r4, r8, r10, r4\n smlad r5, r12, r11, r5\n ldr r10, [r2], #4\n ldr r11, [r2], #4\n"
      "sxtb16 r8, r9\n sxtb16 r9, r9, ror #8\n subs r3, #2\n"
      "smlad r6, r8, r10, r6\n smlad r7, r9, r11, r7\n bpl 2b\n"
      "adds r3, #2\n beq 3f\n"
      "ldr r8, [r0]\n ldr r9, [r2], #4\n ldr r10, [r2], #4\n ldr r11, [r2], #4\n ldr r12, [r2], #4\n"
      "sxtb16 r3, r8\n sxtb16 r8, r8, ror #8\n smlabb r4, r3, r9, r4\n smlabb r5, r8, r10, r5\n"
      "smlatb r6, r3, r11, r6\n smlatb r7, r8, r12, r7\n"
      "3: ldm r2!, {r8-r11}\n" NK_WHOLE_HIGH("r4", "r8") NK_WHOLE_HIGH("r5", "r9") NK_WHOLE_HIGH("r6", "r10")
          NK_WHOLE_HIGH(
              "r7", "r11") "ldm r2!, {r8-r11}\n ldr r12, [sp, #4]\n ldr r3, [sp, #8]\n" NK_WHOLE_STORE("r4",
                                                                                                       "r8")
              NK_WHOLE_STORE("r5", "r9") "ldr r4, [sp, #12]\n" NK_WHOLE_STORE("r6", "r10") NK_WHOLE_STORE(
                  "r7", "r11") "sub r0, r3\n cmp lr, r4\n bne 1b\n add sp, #16\n pop {r4-r11, pc}\n");
}

#else

/* One pair of pixels, `apart` bytes apart, of four channels. */
static inline void nk_whole_pair_s8(int32_t sums[4], const int8_t *x, int32_t apart, const int32_t *taps) {
  uint32_t up;
  uint32_t down;
  memcpy(&up, x, 4);
  memcpy(&down, x + apart, 4);
  const uint32_t first = (up & 0xFFFFU) | (down << 16);
  const uint32_t last = (down & 0xFFFF0000U) | (up >> 16);
  sums[0] = nk_scale_dual((uint32_t)taps[0], nk_planes_even(first), sums[0]);
  sums[1] = nk_scale_dual((uint32_t)taps[1], nk_planes_odd(first), sums[1]);
  sums[2] = nk_scale_dual((uint32_t)taps[2], nk_planes_even(last), sums[2]);
  sums[3] = nk_scale_dual((uint32_t)taps[3], nk_planes_odd(last), sums[3]);
}

static inline void nk_whole_output_s8(const nk_whole *s) {
  const int32_t *block = s->block;
  const int8_t *from = s->x;
  for (int8_t *y = s->y; y != s->end; y += 4, block += 4) {
    int32_t sums[4] = {block[0], block[1], block[2], block[3]};
    block += 4;
    for (int32_t n = (s->pixels + 2) >> 1; n > 0; n--, block += 4, from += 2 * s->step) {
      nk_whole_pair_s8(sums, from, s->step, block);
    }
    if ((s->pixels & 1) != 0) { /* the second tap is zero */
      nk_whole_pair_s8(sums, from, 0, block);
      block += 4;
    }
    for (int32_t i = 0; i < 4; i++, block++) {
      y[i] = (int8_t)nk_scale_twice_s8(sums[i], block[0], block[4], s->zero);
    }
    from -= s->back;
  }
}

#endif

/* All channels of one output: what is left of a multiple of four is made by four that overlap the ones
 * before. */
static inline void nk_whole_channels_s8(const int8_t *x, const int32_t *blocks, int8_t *y,
                                        const nk_whole_args *a) {
  const int32_t fours = a->channels & ~3;
  nk_whole s = {.pixels = a->pixels - 2,
                .zero = a->y_zero,
                .back = (a->pixels & ~1) * a->channels - 4,
                .end = y + fours,
                .x = x,
                .step = a->channels,
                .block = blocks,
                .y = y};
  nk_whole_output_s8(&s);
  if (fours == a->channels) return;
  s.y = y + a->channels - 4;
  s.end = y + a->channels;
  s.x = x + a->channels - 4;
  s.block = blocks + a->last;
  nk_whole_output_s8(&s);
}

#endif
