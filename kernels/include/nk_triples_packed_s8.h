/* Convolutions of three pixels at a time (nk_triples_s8.h) with packed weights,
   two channels a turn: a unit holds four inputs' weights of both
   (nk_dot_packed_s8.h), and two shifts take the place of a load. */
#ifndef NK_TRIPLES_PACKED_S8_H
#define NK_TRIPLES_PACKED_S8_H

#include "nk_args.h"
#include "nk_dot_packed_s8.h"
#include "nk_requantize.h"
#include "nk_steps_s8.h"
#include "nk_triple_parts.h"

#if defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy; here sums live in the
   high ones. r0 columns, r1 units, r4 one of them, r12 where the columns end.
 */
#define NK_TRIPLE_W(first, second)             \
  "movs r6, r5\n muls r6, r2, r6\n add " first \
  ", r6\n"                                     \
  "muls r5, r3, r5\n add " second ", r5\n"
#define NK_TRIPLE_W_INPUT(bits, top)         \
  "ldmia r0!, {r2, r3}\n asrs r5, r4, #" top \
  "\n" NK_TRIPLE_W("r8", "r9") "lsls r4, r4, #" bits "\n asrs r5, r4, #" top "\n" NK_TRIPLE_W("r10", "r11")
#define NK_TRIPLE_W_FOUR(bits, top)                                                                     \
  NK_TRIPLE_W_INPUT(bits, top)                                                                          \
  "lsls r4, r4, #" bits "\n" NK_TRIPLE_W_INPUT(bits, top) "lsls r4, r4, #" bits "\n" NK_TRIPLE_W_INPUT( \
      bits, top) "lsls r4, r4, #" bits "\n" NK_TRIPLE_W_INPUT(bits, top)
#define NK_TRIPLE_W_FUNCTION(name, unit, step)                                            \
  __attribute__((naked, noinline, unused)) static void name(                              \
      __attribute__((unused)) const uint32_t *x, __attribute__((unused)) const unit *w,   \
      __attribute__((unused)) const uint32_t *end, __attribute__((unused)) uint32_t *t) { \
    __asm__ volatile(                                                                     \
        ".syntax unified\n push {r4-r7, lr}\n mov r4, r8\n mov "                          \
        "r5, r9\n mov r6, r10\n mov r7, r11\n push "                                      \
        "{r3-r7}\n"                                                                       \
        "mov r12, r2\n movs r2, #0\n mov r8, r2\n mov r9, r2\n "                          \
        "mov r10, r2\n mov r11, r2\n"                                                     \
        "1:\n" step                                                                       \
        "cmp r0, r12\n bne 1b\n"                                                          \
        "pop {r2}\n mov r4, r8\n mov r5, r9\n mov r6, r10\n mov "                         \
        "r7, r11\n stmia r2!, {r4-r7}\n"                                                  \
        "pop {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n "                          \
        "mov r11, r7\n pop {r4-r7, pc}\n");                                               \
  }
NK_TRIPLE_W_FUNCTION(nk_dot_triples_w4, int32_t, "ldmia r1!, {r4}\n" NK_TRIPLE_W_FOUR("4", "28"))
NK_TRIPLE_W_FUNCTION(nk_dot_triples_w2, int16_t,
                     "ldrh r4, [r1]\n adds r1, #2\n lsls r4, r4, #16\n" NK_TRIPLE_W_FOUR("2", "30"))

/* {A, B} words of two channels whose units begin at number `at`; n is a
 * multiple of 4. */
static inline void nk_dot_triples_packed(const uint32_t *x, const void *w, int32_t at, int32_t n,
                                         uint32_t t[4], int32_t bits) {
  if (bits == 4) {
    nk_dot_triples_w4(x, (const int32_t *)w + at, x + 2 * n, t);
  } else {
    nk_dot_triples_w2(x, (const int16_t *)w + at, x + 2 * n, t);
  }
}

#else

/* {A, B} words of two channels whose units begin at number `at`; n is a
 * multiple of 4. */
static inline void nk_dot_triples_packed(const uint32_t *x, const void *w, int32_t at, int32_t n,
                                         uint32_t t[4], int32_t bits) {
  uint32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0;
  for (const uint32_t *const end = x + 2 * n; x != end; at++) {
    uint32_t unit = nk_packed_unit(w, at, bits);
    for (int32_t i = 0; i < 4; i++, x += 2, unit <<= 2 * bits) {
      const uint32_t v = (uint32_t)nk_packed_first(unit, bits);
      a0 += v * x[0], b0 += v * x[1];
      const uint32_t u = (uint32_t)nk_packed_first(unit << bits, bits);
      a1 += u * x[0], b1 += u * x[1];
    }
  }
  t[0] = a0, t[1] = b0, t[2] = a1, t[3] = b1;
}

#endif

/* Rows of the table that have this many words hold what any multiplier takes:
 * bias, multiplier, shift, the clamp's low and high end before the zero point
 * is added, and that. */
#define NK_TRIPLE_W_GENERAL 6

static inline void nk_triple_w_scaled(uint32_t sums[3], const int32_t *scale) {
  for (int32_t p = 0; p < 3; p++) {
    const int32_t sum = nk_wrapping_add((int32_t)sums[p], scale[0]);
    const int32_t scaled = nk_scale_fixed(sum, scale[1], scale[2]);
    sums[p] = (uint8_t)(nk_clamp(scaled, scale[3], scale[4]) + scale[5]);
  }
}

/* `whole` pixels of all channels from the columns. The columns are cut where
 * sums could grow too large. */
static inline void nk_triples_packed_store(const uint32_t *columns, const void *w, const int32_t *scales,
                                           int8_t *y, int32_t whole, int32_t bits, const nk_triples_args *a) {
  const int32_t depth = a->depth, channels = a->channels, shift = a->shift, stride = a->stride;
  /* A pixel that is not there is written first, in the place of one that is. */
  const int32_t second = whole > 1 ? channels : 0, third = whole > 2 ? 2 * channels : 0;
  int32_t at = 0;
  for (int32_t left = channels; left > 0; left -= 2) {
    uint32_t sums[6] = {0, 0, 0, 0, 0, 0};
    const int32_t lanes = nk_min(left, 2);
    for (int32_t k = 0; k < depth; k += a->cut) {
      const int32_t n = nk_min(a->cut, depth - k);
      uint32_t words[4];
      nk_dot_triples_packed(columns + 2 * k, w, at, n, words, bits);
      at += n >> 2;
      for (int32_t i = 0; i < lanes; i++) {
        uint32_t v[3];
        nk_part_triple(words[2 * i], words[2 * i + 1], v);
        for (int32_t p = 0; p < 3; p++) sums[3 * i + p] += v[p];
      }
    }
    for (int32_t i = 0; i < lanes; i++, scales += stride) {
      if (stride == NK_TRIPLE_W_GENERAL) {
        nk_triple_w_scaled(sums + 3 * i, scales);
      } else {
        nk_step3(sums + 3 * i, scales, stride, shift);
      }
      y[third] = (int8_t)sums[3 * i + 2];
      y[second] = (int8_t)sums[3 * i + 1];
      *y++ = (int8_t)sums[3 * i];
    }
  }
}

#endif
