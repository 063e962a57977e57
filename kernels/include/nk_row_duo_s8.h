/* One row of activations times all output channels, eight at a time, on cores with the DSP extension: fully
   connected layers, and convolutions of a pixel or two, or of many where there is no RAM for columns. Weights
   are read once, two channels in a halfword (nk_duo_s8.h): 77 cycles of a Cortex-M4 for 64 products. The
   requantisation is the one of ops/high_multiply.py: SMMLA, SSAT. */
#ifndef NK_ROW_DUO_S8_H
#define NK_ROW_DUO_S8_H

#include "nk_duo_s8.h"

/* A block of the stream is eight channels: what their sums start from (A and P of every two), for every four
   inputs the words of four pairs of channels for inputs 0 and 2, then for 1 and 3, and {multiplier, addend}
   of each channel. first and entry: where in the code of the products to begin (bytes behind label 8), for
   the depth. */
typedef struct nk_row_duo {
  const int8_t *x;
  const int8_t *x_end;
  const int32_t *stream;
  const int32_t *stream_end;
  int8_t *y;
  uint32_t first;
  uint32_t entry;
} nk_row_duo;

/* Bytes of code: four inputs on their own and the jump behind them; eight inputs; how many eights a loop. */
#define NK_ROW_DUO_FOUR 144
#define NK_ROW_DUO_EIGHT 280
#define NK_ROW_DUO_UNROLLED 4

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 inputs, r1 stream; r4-r11 sums, first and both of each pair; r3 a pair of inputs. Loads stand together
 * where registers allow: each that follows another is a cycle cheaper on a Cortex-M4. Pointers move with the
 * last of them, lest a Cortex-M7 wait for them. */
#define NK_ROW_DUO_AB(w) NK_DUO_ONE(w, "r4", "r5", "r3")
#define NK_ROW_DUO_CD(w) NK_DUO_ONE(w, "r6", "r7", "r3")
#define NK_ROW_DUO_EF(w) NK_DUO_ONE(w, "r8", "r9", "r3")
#define NK_ROW_DUO_GH(w) NK_DUO_ONE(w, "r10", "r11", "r3")
#define NK_ROW_DUO_X "ldr r2, [r0], #4\n"
#define NK_ROW_DUO_ONE_WORD "ldr r12, [r1], #4\n"
#define NK_ROW_DUO_TWO_WORDS "ldr.w lr, [r1, #4]\n ldr r12, [r1], #8\n"
#define NK_ROW_DUO_THREE_WORDS "ldr.w r2, [r1, #8]\n ldr.w lr, [r1, #4]\n ldr r12, [r1], #12\n"
#define NK_ROW_DUO_EVEN "sxtb16 r3, r2\n"
#define NK_ROW_DUO_ODD "sxtb16 r3, r2, ror #8\n"
/* All but the last of the eight words of four inputs: that one is loaded with what follows. */
#define NK_ROW_DUO_HEAD                                                                      \
  NK_ROW_DUO_X NK_ROW_DUO_TWO_WORDS NK_ROW_DUO_EVEN NK_ROW_DUO_AB("r12") NK_ROW_DUO_CD("lr") \
      NK_ROW_DUO_TWO_WORDS NK_ROW_DUO_EF("r12") NK_ROW_DUO_GH("lr")                          \
          NK_ROW_DUO_ODD NK_ROW_DUO_THREE_WORDS NK_ROW_DUO_AB("r12") NK_ROW_DUO_CD("lr") NK_ROW_DUO_EF("r2")
#define NK_ROW_DUO_GROUP NK_ROW_DUO_HEAD NK_ROW_DUO_ONE_WORD NK_ROW_DUO_GH("r12")
#define NK_ROW_DUO_TWO_GROUPS                                                                                \
  NK_ROW_DUO_HEAD NK_ROW_DUO_X NK_ROW_DUO_TWO_WORDS NK_ROW_DUO_GH("r12") NK_ROW_DUO_EVEN NK_ROW_DUO_AB("lr") \
      NK_ROW_DUO_TWO_WORDS NK_ROW_DUO_CD("r12") NK_ROW_DUO_EF("lr")                                          \
          NK_ROW_DUO_TWO_WORDS NK_ROW_DUO_GH("r12") NK_ROW_DUO_ODD NK_ROW_DUO_AB("lr")                       \
              NK_ROW_DUO_THREE_WORDS NK_ROW_DUO_CD("r12") NK_ROW_DUO_EF("lr") NK_ROW_DUO_GH("r2")

#define NK_ROW_DUO_TWO_ONCE(first, both, fraction, more) \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_ONCE(first, "r2", "r3", fraction) NK_ONCE(both, "r12", "lr", more)
#define NK_ROW_DUO_ONCE(fraction, more)           \
  NK_ROW_DUO_TWO_ONCE("r4", "r5", fraction, more) \
  NK_ROW_DUO_TWO_ONCE("r6", "r7", fraction, more) \
  NK_ROW_DUO_TWO_ONCE("r8", "r9", fraction, more) NK_ROW_DUO_TWO_ONCE("r10", "r11", fraction, more)
#define NK_ROW_DUO_TWO_TWICE(first, both)                                                                   \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_TWICE(first, "r2", "r3", "r0") "asr " both ", " both ", #8\n" NK_TWICE( \
      both, "r12", "lr", "r0")
#define NK_ROW_DUO_TWICE                                                                 \
  "ldr r0, [r1], #4\n" NK_ROW_DUO_TWO_TWICE("r4", "r5") NK_ROW_DUO_TWO_TWICE("r6", "r7") \
      NK_ROW_DUO_TWO_TWICE("r8", "r9") NK_ROW_DUO_TWO_TWICE("r10", "r11")

/* sp+0 x, 4 x_end, 8 stream, 12 stream_end, 16 y, 20 first, 24 entry. Label 1: eight channels; 8: four
   inputs; 2: eights of inputs. */
#define NK_ROW_DUO_FUNCTION(name, SCALE)                                                                   \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused)) const nk_row_duo *s) { \
    __asm__ volatile(                                                                                      \
        "push {r4-r11, lr}\n ldm r0, {r1-r7}\n adr r8, 8f\n orr r8, r8, #1\n add r6, r8\n add r7, r8\n"    \
        "push {r1-r7}\n mov r1, r3\n"                                                                      \
        "1: ldm r1!, {r4-r11}\n ldr r0, [sp]\n ldr pc, [sp, #20]\n .p2align 2\n"                           \
        "8:\n" NK_ROW_DUO_GROUP                                                                            \
        "ldr pc, [sp, #24]\n"                                                                              \
        "2:\n" NK_ROW_DUO_TWO_GROUPS NK_ROW_DUO_TWO_GROUPS NK_ROW_DUO_TWO_GROUPS NK_ROW_DUO_TWO_GROUPS     \
        "ldr r12, [sp, #4]\n cmp r0, r12\n bne 2b\n"                                                       \
        "sub r5, r5, r4\n sub r7, r7, r6\n sub r9, r9, r8\n sub r11, r11, r10\n" SCALE                     \
        "ldr r2, [sp, #12]\n ldr r0, [sp, #16]\n"                                                          \
        "strb r4, [r0], #1\n strb r5, [r0], #1\n strb r6, [r0], #1\n strb r7, [r0], #1\n"                  \
        "strb r8, [r0], #1\n strb r9, [r0], #1\n strb r10, [r0], #1\n strb r11, [r0], #1\n"                \
        "str r0, [sp, #16]\n cmp r1, r2\n bne 1b\n"                                                        \
        "add sp, sp, #28\n pop {r4-r11, pc}\n");                                                           \
  }

/* Multipliers below 1/32, and up to 1/4; the second of two channels has eight bits more. */
NK_ROW_DUO_FUNCTION(nk_row_duo_fine_s8, NK_ROW_DUO_ONCE("4", "12"))
NK_ROW_DUO_FUNCTION(nk_row_duo_coarse_s8, NK_ROW_DUO_ONCE("1", "9"))
/* Both roundings: scale constants are those of a strip, the zero point first. */
NK_ROW_DUO_FUNCTION(nk_row_duo_signed_s8, NK_ROW_DUO_TWICE)

#else

/* Eight channels; `w` moves behind the weights. */
static inline const int32_t *nk_row_duo_sums(int32_t sums[4][2], const nk_row_duo *s, const int32_t *w) {
  memcpy(sums, w, 8 * sizeof(int32_t));
  w += 8;
  for (const int8_t *x = s->x; x < s->x_end; x += 4, w += 8) {
    const uint32_t bytes = nk_word(x);
    for (int32_t c = 0; c < 4; c++) {
      nk_duo_one(sums[c], (uint32_t)w[c], nk_pairs_02(bytes));
      nk_duo_one(sums[c], (uint32_t)w[4 + c], nk_pairs_13(bytes));
    }
  }
  return w;
}

static inline void nk_row_duo_run(const nk_row_duo *s, int32_t fraction) {
  int8_t *y = s->y;
  for (const int32_t *w = s->stream; w < s->stream_end; w += 16) {
    int32_t sums[4][2];
    w = nk_row_duo_sums(sums, s, w);
    for (int32_t c = 0; c < 4; c++) {
      *y++ = nk_scaled_once(sums[c][0], w + 4 * c, fraction);
      *y++ = nk_scaled_once(nk_duo_second(sums[c]), w + 4 * c + 2, fraction + 8);
    }
  }
}

static inline void nk_row_duo_fine_s8(const nk_row_duo *s) { nk_row_duo_run(s, 4); }

static inline void nk_row_duo_coarse_s8(const nk_row_duo *s) { nk_row_duo_run(s, 1); }

static inline void nk_row_duo_signed_s8(const nk_row_duo *s) {
  int8_t *y = s->y;
  for (const int32_t *w = s->stream; w < s->stream_end; w += 17) {
    int32_t sums[4][2];
    w = nk_row_duo_sums(sums, s, w);
    for (int32_t c = 0; c < 4; c++) {
      *y++ = nk_scaled_twice(sums[c][0], w + 1 + 4 * c, w[0]);
      *y++ = nk_scaled_twice(nk_duo_second(sums[c]) >> 8, w + 3 + 4 * c, w[0]);
    }
  }
}

#endif

/* A depth that is no multiple of eight begins with four inputs on their own; the loop is entered so that its
 * last round is whole. */
static inline void nk_row_duo_enter(nk_row_duo *s, int32_t depth) {
  const int32_t eights = depth >> 3;
  const int32_t skipped = eights == 0
                              ? NK_ROW_DUO_UNROLLED
                              : (NK_ROW_DUO_UNROLLED - eights % NK_ROW_DUO_UNROLLED) % NK_ROW_DUO_UNROLLED;
  s->entry = (uint32_t)(NK_ROW_DUO_FOUR + NK_ROW_DUO_EIGHT * skipped);
  s->first = (depth & 4) != 0 ? 0 : s->entry;
}

#endif
