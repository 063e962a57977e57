/* Strips of two pixels times four channels (nk_strip_duo_s8.h, whose columns they read) with packed weights.

   Four bits: a halfword holds an input's weights of four channels, a + 16 b + 256 c + 4096 d, the first three
   8 too large and so never negative. Three masks give pairs of a, of 256 c and of a + 16 b; with the word as
   it is they make four sums from which the channels' own follow by subtraction, 1, 16, 256 and 4096 times as
   large: 16 products take 15 cycles of a Cortex-M4, as many as with weights of eight bits.

   Two bits: an AND with a rotated word leaves a halfword a + 2^14 b of two channels, a never negative. One
   SMLAD makes four products: a's sum is the low 14 bits, b's the high ones. So that a's fits, it is taken out
   behind every segment of the inputs (ops/packed.py proves for the weights that it does): 32 products take 18
   cycles.

   What makes weights non-negative adds a multiple of the inputs' sum, which is taken off again. */
#ifndef NK_STRIP_PACKED_S8_H
#define NK_STRIP_PACKED_S8_H

#include "nk_args.h"
#include "nk_packed_dsp_s8.h"

/* A block of the stream is four channels: what their sums start from, words of weights (four bits: a word for
   two inputs; two bits: for four), scale constants and the channels' place in a pixel. Scale constants: once
   {multiplier, addend} of each channel (high_multiply.py), else the zero point and {2 * multiplier - 2^32,
   power, shift before, shift between} of each. Pixel 1 lies `stride` behind pixel 0; with stride 0 it is
   written over by it. size: where in the loop to begin (four bits), or bytes of columns of a segment (two).
   offsets: for each segment what is added to both pixels' sums of the inputs. */
typedef struct nk_strip_packed {
  int32_t *columns;
  const int32_t *columns_end;
  const int32_t *stream;
  const int32_t *stream_end;
  int8_t *y;
  int32_t stride;
  uint32_t size;
  const int32_t *offsets;
} nk_strip_packed;

/* Bytes of code for two inputs, and how many of them a loop, with four bits. */
#define NK_STRIP_W4_PAIR 56
#define NK_STRIP_W4_UNROLLED 8

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 columns, r1 stream; r4 r5 sums of a, r6 r7 of a + 16 b, r8 r9 of 256 c, r10 r11 of all four. */
#define NK_STRIP_W4_STEP                                                           \
  "ldr.w r3, [r0, #4]\n ldr r12, [r1], #4\n ldr r2, [r0], #8\n"                    \
  "smlad r10, r12, r2, r10\n smlad r11, r12, r3, r11\n and lr, r12, #0x000F000F\n" \
  "smlad r4, lr, r2, r4\n smlad r5, lr, r3, r5\n and lr, r12, #0x0F000F00\n"       \
  "smlad r8, lr, r2, r8\n smlad r9, lr, r3, r9\n uxtb16 r12, r12\n"                \
  "smlad r6, r12, r2, r6\n smlad r7, r12, r3, r7\n"
/* The first two inputs: both pixels' sums start from the same. */
#define NK_STRIP_W4_FIRST                                                          \
  "ldr r12, [r1], #4\n ldr r3, [r0, #4]\n ldr r2, [r0], #8\n"                      \
  "smlad r11, r12, r3, r10\n smlad r10, r12, r2, r10\n and lr, r12, #0x000F000F\n" \
  "smlad r5, lr, r3, r4\n smlad r4, lr, r2, r4\n and lr, r12, #0x0F000F00\n"       \
  "smlad r9, lr, r3, r8\n smlad r8, lr, r2, r8\n uxtb16 r12, r12\n"                \
  "smlad r7, r12, r3, r6\n smlad r6, r12, r2, r6\n"
#define NK_STRIP_W4_FOUR NK_STRIP_W4_STEP NK_STRIP_W4_STEP NK_STRIP_W4_STEP NK_STRIP_W4_STEP

/* The channels' own sums; the inputs' are in r2, r3. */
#define NK_STRIP_W4_APART                                                                             \
  "sub r10, r10, r6\n sub r11, r11, r7\n sub r10, r10, r8\n sub r11, r11, r9\n"                       \
  "sub r6, r6, r4\n sub r7, r7, r5\n ldr r12, [sp, #28]\n ldrd r2, r3, [r12]\n"                       \
  "add r4, r4, r2, lsl #3\n add r5, r5, r3, lsl #3\n add r6, r6, r2, lsl #7\n add r7, r7, r3, lsl #7" \
  "\n add r8, r8, r2, lsl #11\n add r9, r9, r3, lsl #11\n"

#define NK_STRIP_W4_TWO_ONCE(first0, first1, f, second0, second1, g)                           \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_ONCE(first0, "r2", "r3", f) NK_ONCE(first1, "r2", "r3", f) \
      NK_ONCE(second0, "r12", "lr", g) NK_ONCE(second1, "r12", "lr", g)
#define NK_STRIP_W4_ONCE                                                                     \
  "lsl r4, r4, #4\n lsl r5, r5, #4\n" NK_STRIP_W4_TWO_ONCE("r4", "r5", "3", "r6", "r7", "3") \
      NK_STRIP_W4_TWO_ONCE("r8", "r9", "7", "r10", "r11", "11")

#define NK_STRIP_W4_BOTH(r, s)                                                \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_GENERAL(r, "r2", "r3", "r12", "lr", "r0") \
      NK_GENERAL(s, "r2", "r3", "r12", "lr", "r0")
#define NK_STRIP_W4_GENERAL                                                                           \
  "ldr r0, [r1], #4\n asr r6, r6, #4\n asr r7, r7, #4\n asr r8, r8, #8\n asr r9, r9, #8\n"            \
  "asr r10, r10, #12\n asr r11, r11, #12\n" NK_STRIP_W4_BOTH("r4", "r5") NK_STRIP_W4_BOTH("r6", "r7") \
      NK_STRIP_W4_BOTH("r8", "r9") NK_STRIP_W4_BOTH("r10", "r11")

/* sp+0 columns, 4 columns_end, 8 stream, 12 stream_end, 16 y, 20 stride, 24 where to enter, 28 offsets. Label
 * 1: four channels; 2: two inputs after two. */
#define NK_STRIP_W4_FUNCTION(name, SCALE)                                                               \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                     \
                                                            const nk_strip_packed *s) {                 \
    __asm__ volatile(                                                                                   \
        "push {r4-r11, lr}\n ldm r0, {r1-r8}\n adr r9, 2f\n orr r9, r9, #1\n add r7, r9\n"              \
        "push {r1-r8}\n mov r1, r3\n"                                                                   \
        "1: ldr r0, [sp]\n ldm r1!, {r4, r6, r8, r10}\n" NK_STRIP_W4_FIRST                              \
        "ldr pc, [sp, #24]\n .p2align 2\n"                                                              \
        "2:\n" NK_STRIP_W4_FOUR NK_STRIP_W4_FOUR                                                        \
        "ldr r2, [sp, #4]\n cmp r0, r2\n bne 2b\n" NK_STRIP_W4_APART SCALE                              \
        "ldr r2, [r1], #4\n ldr r3, [sp, #20]\n ldr r12, [sp, #16]\n ldr lr, [sp, #12]\n add r2, r12\n" \
        "strb r5, [r2, r3]\n strb r4, [r2], #1\n strb r7, [r2, r3]\n strb r6, [r2], #1\n"               \
        "strb r9, [r2, r3]\n strb r8, [r2], #1\n strb r11, [r2, r3]\n strb r10, [r2]\n"                 \
        "cmp r1, lr\n bne 1b\n"                                                                         \
        "add sp, sp, #32\n pop {r4-r11, pc}\n");                                                        \
  }

NK_STRIP_W4_FUNCTION(nk_strip_once_w4, NK_STRIP_W4_ONCE)
NK_STRIP_W4_FUNCTION(nk_strip_general_w4, NK_STRIP_W4_GENERAL)

/* r0 columns, r1 stream, r10 the segment's end, r11 the mask; r4 r5 sums of a + 2^14 b, r6 r7 those of the
 * other two channels. */
#define NK_STRIP_W2_GROUP                                                                \
  "ldr.w r3, [r0, #4]\n ldr r8, [r0, #8]\n ldr r9, [r0, #12]\n ldr r12, [r1], #4\n"      \
  "ldr r2, [r0], #16\n and lr, r11, r12\n smlad r4, lr, r2, r4\n smlad r5, lr, r3, r5\n" \
  "and lr, r11, r12, ror #4\n smlad r6, lr, r2, r6\n smlad r7, lr, r3, r7\n"             \
  "and lr, r11, r12, ror #8\n smlad r4, lr, r8, r4\n smlad r5, lr, r9, r5\n"             \
  "and lr, r11, r12, ror #12\n smlad r6, lr, r8, r6\n smlad r7, lr, r9, r7\n"
#define NK_STRIP_W2_FOUR NK_STRIP_W2_GROUP NK_STRIP_W2_GROUP NK_STRIP_W2_GROUP NK_STRIP_W2_GROUP
#define NK_STRIP_W2_MASK "movw r11, #0xC003\n movt r11, #0xC003\n"

#define NK_STRIP_W2_TWO_ONCE(first0, first1, second0, second1)                                        \
  "ldm r1!, {r0, r10, r12, lr}\n" NK_ONCE(first0, "r0", "r10", "1") NK_ONCE(first1, "r0", "r10", "1") \
      NK_ONCE(second0, "r12", "lr", "10") NK_ONCE(second1, "r12", "lr", "10")
#define NK_STRIP_W2_ONCE                                                                      \
  "lsl r2, r2, #5\n lsl r3, r3, #5\n lsl r8, r8, #5\n lsl r9, r9, #5\n" NK_STRIP_W2_TWO_ONCE( \
      "r2", "r3", "r4", "r5") NK_STRIP_W2_TWO_ONCE("r8", "r9", "r6", "r7")

#define NK_STRIP_W2_BOTH(r, s)                                                   \
  "ldm r1!, {r0, r10, r12, lr}\n" NK_GENERAL(r, "r0", "r10", "r12", "lr", "r11") \
      NK_GENERAL(s, "r0", "r10", "r12", "lr", "r11")
#define NK_STRIP_W2_GENERAL                                                                      \
  "ldr r11, [r1], #4\n asr r4, r4, #14\n asr r5, r5, #14\n asr r6, r6, #14\n asr r7, r7, "       \
  "#14\n" NK_STRIP_W2_BOTH("r2", "r3") NK_STRIP_W2_BOTH("r4", "r5") NK_STRIP_W2_BOTH("r8", "r9") \
      NK_STRIP_W2_BOTH("r6", "r7") NK_STRIP_W2_MASK

/* sp+0 columns, 4 columns_end, 8 stream, 12 stream_end, 16 y, 20 stride, 24 bytes of a segment, 28 offsets,
 * 32 those of the next segment, 36 what has been taken out: two of one channel, two of another. Label 1: four
 * channels; 5: a segment; 4: four inputs; 2: 16 inputs; 3: the segment's end; 7: the last one's. */
#define NK_STRIP_W2_FUNCTION(name, SCALE)                                                                        \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                              \
                                                            const nk_strip_packed *s) {                          \
    __asm__ volatile(                                                                                          \
        "push {r4-r11, lr}\n ldm r0, {r1-r8}\n sub sp, sp, #20\n push {r1-r8}\n mov r1, r3\n" NK_STRIP_W2_MASK \
        "1: ldm r1!, {r2, r3, r4, r6}\n ldr r0, [sp]\n ldr lr, [sp, #28]\n"                                    \
        "strd r2, r2, [sp, #36]\n strd r3, r3, [sp, #44]\n mov r5, r4\n mov r7, r6\n"                          \
        "5: ldrd r2, r3, [lr], #8\n str lr, [sp, #32]\n add r4, r4, r2\n add r5, r5, r3\n add r6, r6, r2\n"    \
        "add r7, r7, r3\n ldr r2, [sp, #24]\n ldr r3, [sp, #4]\n add r10, r0, r2\n cmp r10, r3\n it hi\n"      \
        "movhi r10, r3\n"                                                                                      \
        "4: sub r2, r10, r0\n lsls r2, r2, #26\n beq 6f\n" NK_STRIP_W2_GROUP                                   \
        "b 4b\n"                                                                                               \
        "6: cmp r0, r10\n beq 3f\n .p2align 2\n"                                                               \
        "2:\n" NK_STRIP_W2_FOUR                                                                                \
        "cmp r0, r10\n bne 2b\n"                                                                               \
        "3: ldrd r2, r3, [sp, #36]\n ldrd r8, r9, [sp, #44]\n" NK_W2_TAKE("r4", "r2") NK_W2_TAKE("r5", "r3")   \
            NK_W2_TAKE("r6", "r8") NK_W2_TAKE("r7", "r9") "ldr lr, [sp, #4]\n cmp r0, lr\n beq 7f\n"           \
        "ldr lr, [sp, #32]\n strd r2, r3, [sp, #36]\n strd r8, r9, [sp, #44]\n b 5b\n"                         \
        "7:\n" SCALE                                                                                           \
        "ldr r0, [r1], #4\n ldr r10, [sp, #20]\n ldr r12, [sp, #16]\n ldr lr, [sp, #12]\n add r0, r12\n"       \
        "strb r3, [r0, r10]\n strb r2, [r0], #1\n strb r5, [r0, r10]\n strb r4, [r0], #1\n"                    \
        "strb r9, [r0, r10]\n strb r8, [r0], #1\n strb r7, [r0, r10]\n strb r6, [r0]\n"                        \
        "cmp r1, lr\n bne 1b\n"                                                                                \
        "add sp, sp, #52\n pop {r4-r11, pc}\n"); \
  }

NK_STRIP_W2_FUNCTION(nk_strip_once_w2, NK_STRIP_W2_ONCE)
NK_STRIP_W2_FUNCTION(nk_strip_general_w2, NK_STRIP_W2_GENERAL)

#else

static inline void nk_strip_run_w4(const nk_strip_packed *s, int32_t once) {
  for (const int32_t *w = s->stream; w < s->stream_end; w += once ? 9 : 18) {
    int32_t sums[2][4];
    for (int32_t p = 0; p < 2; p++) memcpy(sums[p], w, sizeof sums[p]);
    w += 4;
    for (const int32_t *x = s->columns; x < s->columns_end; x += 2, w++) {
      for (int32_t p = 0; p < 2; p++) nk_w4_products(sums[p], (uint32_t)*w, (uint32_t)x[p]);
    }
    for (int32_t p = 1; p >= 0; p--) {
      int8_t *y = s->y + w[once ? 8 : 17] + p * s->stride;
      nk_w4_apart(sums[p], s->offsets[p]);
      if (once) sums[p][0] = (int32_t)((uint32_t)sums[p][0] << 4);
      for (int32_t c = 0; c < 4; c++)
        y[c] = nk_packed_scaled(sums[p][c], w, c, 4 * c, c < 2 ? 3 : 4 * c - 1, once);
    }
  }
}

/* The sums of one pixel and a pair of channels over all segments: low, and 2^14 times the other. */
static inline void nk_strip_sums_w2(int32_t sums[2], const nk_strip_packed *s, const int32_t *w, int32_t pair,
                                    int32_t p) {
  const int32_t *offsets = s->offsets;
  int32_t left = 0;
  for (const int32_t *x = s->columns + p; x < s->columns_end; x += 4, w++, left -= 16) {
    if (left == 0) {
      const int32_t low = nk_w2_low(sums[1]);
      left = (int32_t)s->size;
      sums[0] += low;
      sums[1] = (int32_t)((uint32_t)sums[1] - (uint32_t)low + (uint32_t)offsets[p]);
      offsets += 2;
    }
    for (int32_t i = 0; i < 2; i++) {
      const uint32_t weights = nk_rotated((uint32_t)*w, 8 * i + 4 * pair) & NK_W2_PAIRS;
      sums[1] = nk_smlad(weights, (uint32_t)x[2 * i], sums[1]);
    }
  }
  left = nk_w2_low(sums[1]);
  sums[0] += left;
  sums[1] = (int32_t)((uint32_t)sums[1] - (uint32_t)left);
}

static inline void nk_strip_run_w2(const nk_strip_packed *s, int32_t once) {
  const int32_t words = (int32_t)(s->columns_end - s->columns) / 4;
  const int32_t *w = s->stream;
  for (; w < s->stream_end; w += 4 + words + (once ? 9 : 18)) {
    const int32_t *const scales = w + 4 + words;
    for (int32_t i = 3; i >= 0; i--) {
      const int32_t pair = i & 1;
      int8_t *y = s->y + scales[once ? 8 : 17] + (i >> 1) * s->stride + 2 * pair;
      int32_t sums[2] = {w[pair], w[2 + pair]};
      nk_strip_sums_w2(sums, s, w + 4, pair, i >> 1);
      if (once) sums[0] = (int32_t)((uint32_t)sums[0] << 5);
      for (int32_t c = 0; c < 2; c++)
        y[c] = nk_packed_scaled(sums[c], scales, 2 * pair + c, 14 * c, c == 0 ? 1 : 10, once);
    }
  }
}

static inline void nk_strip_once_w4(const nk_strip_packed *s) { nk_strip_run_w4(s, 1); }
static inline void nk_strip_general_w4(const nk_strip_packed *s) { nk_strip_run_w4(s, 0); }
static inline void nk_strip_once_w2(const nk_strip_packed *s) { nk_strip_run_w2(s, 1); }
static inline void nk_strip_general_w2(const nk_strip_packed *s) { nk_strip_run_w2(s, 0); }

#endif

#endif
