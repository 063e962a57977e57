/* int8 depthwise convolutions along one axis on cores with the DSP extension.

   Four channels at a time are taken apart into planes (nk_planes_s8.h): word p of a channel holds the inputs
   2p - pad and 2p + 1 - pad. Outputs 2t and 2t + 1 both need the words from t on: the first with the taps in
   pairs (w0, w1), (w2, w3) ..., the second with (0, w0), (w1, w2) ... So one word of the plane serves two
   outputs, and six outputs share each pair of words of taps. A channel's block in flash is its bias, these
   pairs in turn, padded with zeros to three times two words, and two constants of its requantisation. */
#ifndef NK_COLUMN_S8_H
#define NK_COLUMN_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_planes_s8.h"

/* Six outputs for every three words of the plane from x to `end`, `step` bytes apart. threes: words of taps
   over six; back: bytes from the last word read to the next outputs' first. */
typedef struct nk_column {
  int8_t *y;
  int32_t step;
  int32_t zero;
  int32_t back;
  int32_t threes;
  const int32_t *end;
  const int32_t *block;
  const int32_t *x;
} nk_column;

typedef void nk_column_function(const nk_column *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_COLUMN_ONCE NK_PLANES_ONCE
#define NK_COLUMN_TWICE NK_PLANES_TWICE
#define NK_COLUMN_ONCE_LOAD ""
#define NK_COLUMN_TWICE_LOAD "ldr lr, [sp, #8]\n"

/* r0 x, r1 block, r4-r6 the even outputs' sums, r7-r9 the odd ones', r10-r12 words of the plane; `last` is
 * the new one. */
#define NK_COLUMN_STEP(first, second, last)                                           \
  "ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr " last                                   \
  ", [r0], #16\n"                                                                     \
  "smlad r4, r2, " first ", r4\n smlad r7, r3, " first ", r7\n smlad r5, r2, " second \
  ", r5\n"                                                                            \
  "smlad r8, r3, " second ", r8\n smlad r6, r2, " last ", r6\n smlad r9, r3, " last ", r9\n"

/* The struct is copied to the stack: sp+0 y, 4 step, 8 zero, 12 back, 16 threes, 20 end, 24 block. */
#define NK_COLUMN(name, SCALE)                                                                               \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_column *s) {            \
    __asm__ volatile(                                                                                      \
        "push {r4-r11, lr}\n ldm r0!, {r1-r7}\n push {r1-r7}\n mov r1, r7\n ldr r0, [r0]\n"                \
        "1: ldr r9, [r1], #4\n ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr r10, [r0], #16\n"                 \
        "ldr r11, [r0], #16\n ldr r12, [r0], #16\n ldr lr, [sp, #16]\n"                                    \
        "smlad r4, r2, r10, r9\n smlad r7, r3, r10, r9\n smlad r5, r2, r11, r9\n"                          \
        "smlad r8, r3, r11, r9\n smlad r6, r2, r12, r9\n smlad r9, r3, r12, r9\n b 3f\n"                   \
        "2:\n" NK_COLUMN_STEP("r10", "r11", "r12")                                                         \
        "3:\n" NK_COLUMN_STEP("r11", "r12", "r10") NK_COLUMN_STEP("r12", "r10", "r11")                     \
        "subs lr, #1\n bne 2b\n"                                                                           \
        "ldr r3, [r1]\n ldr r12, [r1, #4]\n ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r2, [sp, #12]\n"       \
        "ldr r1, [sp, #24]\n" SCALE##_LOAD                                                                 \
        SCALE("r4") SCALE("r5") SCALE("r6") SCALE("r7") SCALE("r8") SCALE("r9")                            \
        "strb r4, [r10]\n strb r7, [r10, r11]\n strb r5, [r10, r11, lsl #1]\n add r10, r11\n"              \
        "add r10, r10, r11, lsl #1\n strb r8, [r10]\n strb r6, [r10, r11]\n strb r9, [r10, r11, lsl #1]\n" \
        "add r10, r11\n add r10, r10, r11, lsl #1\n ldr r4, [sp, #20]\n sub r0, r2\n str r10, [sp]\n"      \
        "cmp r0, r4\n bne 1b\n add sp, sp, #28\n pop {r4-r11, pc}\n"); \
  }

#else /* the same in C */

static inline void nk_column_rows(const nk_column *s, nk_planes_scale *scale) {
  const int32_t words = 3 * s->threes;
  nk_planes form = {.block = s->block + 1 + 2 * words - 7, .zero = s->zero};
  int8_t *y = s->y;
  for (const int32_t *x = s->x; x != s->end; x += 12) {
    for (int32_t i = 0; i < 6; i++, y += s->step) {
      int32_t acc = s->block[0];
      for (int32_t k = 0; k < words; k++) {
        acc = nk_planes_smlad(s->block[1 + 2 * k + (i & 1)], x[4 * (k + (i >> 1))], acc);
      }
      *y = scale(acc, &form);
    }
  }
}

#define NK_COLUMN_ONCE nk_planes_once
#define NK_COLUMN_TWICE nk_planes_twice
#define NK_COLUMN(name, SCALE) \
  static inline void name(const nk_column *s) { nk_column_rows(s, SCALE); }

#endif

/* Zero points everywhere: what lies outside of the image stays so. */
static inline void nk_column_pad(int32_t *plane, const nk_column_args *a) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)a->x_zero * 0x10001U);
  for (int32_t i = 0; i < 4 * a->words; i++) plane[i] = pair;
}

/* The words of four channels that hold inputs; at the ends one may hold half a word of them. */
static inline void nk_column_take(int32_t *plane, const int8_t *x, const nk_column_args *a) {
  const uint32_t outside = (uint32_t)(uint8_t)a->x_zero * 0x1010101U;
  const int8_t *const zeros = (const int8_t *)&outside;
  plane += 4 * (a->pad >> 1);
  int32_t left = a->inputs;
  if (a->pad & 1) {
    nk_planes_take(plane, zeros, 0, x, 0, 1);
    x += a->channels;
    plane += 4;
    left--;
  }
  if (left > 1) nk_planes_inside(plane, x, a->channels, 2 * a->channels, left >> 1, 1, 0);
  if (left & 1) nk_planes_take(plane + 4 * (left >> 1), x + (left - 1) * a->channels, 0, zeros, 0, 1);
}

static inline void nk_column_channel(nk_column_function *function, nk_column *s, int8_t *y,
                                     const int32_t *plane, const nk_column_args *a) {
  const int32_t sixes = a->outputs / 6;
  s->x = plane;
  s->end = plane + 12 * sixes;
  if (sixes > 0) {
    s->y = y;
    s->step = a->channels;
    function(s);
  }
  int8_t staged[6];
  const int32_t left = a->outputs - 6 * sixes;
  if (left > 0) {
    s->x = s->end;
    s->end += 12;
    s->y = staged;
    s->step = 1;
    function(s);
    for (int32_t i = 0; i < left; i++) y[(6 * sixes + i) * a->channels] = staged[i];
  }
}

static inline void nk_column_run(nk_column_function *function, const int8_t *x, const int32_t *blocks,
                                 int8_t *y, int32_t *planes, const nk_column_args *a) {
  const int32_t block = 3 + 6 * a->threes;
  nk_column s;
  s.zero = a->y_zero;
  s.threes = a->threes;
  s.back = 16 * (3 * a->threes - 1);
  nk_column_pad(planes, a);
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_column_take(planes, x + first, a);
    for (int32_t lane = c - first; lane < 4; lane++) {
      s.block = blocks + (first + lane) * block;
      nk_column_channel(function, &s, y + first + lane, planes + lane, a);
    }
  }
  const int32_t count = a->narrow ? a->outputs * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

#endif
