/* One row of activations times all output channels, four at a time, with packed weights (nk_strip_packed_s8.h
   says how): fully connected layers. Sixteen products take 20 cycles of a Cortex-M4 with weights of four
   bits, 13 with two. */
#ifndef NK_ROW_PACKED_S8_H
#define NK_ROW_PACKED_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_packed_dsp_s8.h"

/* A block of the stream is four channels: what their sums start from, words of weights, {multiplier, addend}
   of each channel. offset: what is added for the inputs' sum. segment: bytes of inputs (two bits). */
typedef struct nk_row_packed {
  const int8_t *x;
  const int8_t *x_end;
  const int32_t *stream;
  const int32_t *stream_end;
  int8_t *y;
  int32_t offset;
  int32_t segment;
} nk_row_packed;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 inputs, r1 stream; r4-r7 sums of a, a + 16 b, 256 c and all four. */
#define NK_ROW_W4_PRODUCTS(word, pair)                                                                       \
  "smlad r7, " word ", " pair ", r7\n and lr, " word ", #0x000F000F\n smlad r4, lr, " pair                   \
  ", r4\n"                                                                                                   \
  "and lr, " word ", #0x0F000F00\n smlad r6, lr, " pair ", r6\n uxtb16 " word ", " word "\n smlad r5, " word \
  ", " pair ", r5\n"
#define NK_ROW_W4_GROUP                                        \
  "ldr.w r8, [r1, #4]\n ldr r2, [r0], #4\n ldr r3, [r1], #8\n" \
  "sxtb16 r9, r2\n sxtb16 r10, r2, ror #8\n" NK_ROW_W4_PRODUCTS("r3", "r9") NK_ROW_W4_PRODUCTS("r8", "r10")
#define NK_ROW_W4_FOUR NK_ROW_W4_GROUP NK_ROW_W4_GROUP NK_ROW_W4_GROUP NK_ROW_W4_GROUP
#define NK_ROW_W4_LOAD "ldm r1!, {r4-r7}\n"
#define NK_ROW_W4_TAKE
#define NK_ROW_W4_FINISH \
  "sub r7, r7, r5\n sub r7, r7, r6\n sub r5, r5, r4\n ldr r2, [sp, #20]\n add r4, r4, r2, lsl #3\n"   \
  "add r5, r5, r2, lsl #7\n add r6, r6, r2, lsl #11\n lsl r4, r4, #4\n ldm r1!, {r2, r3, r12, lr}\n"  \
  NK_ONCE("r4", "r2", "r3", "3") NK_ONCE("r5", "r12", "lr", "3") "ldm r1!, {r2, r3, r12, lr}\n"       \
  NK_ONCE("r6", "r2", "r3", "7") NK_ONCE("r7", "r12", "lr", "11") "ldr r12, [sp, #16]\n"              \
  "strb r4, [r12], #1\n strb r5, [r12], #1\n strb r6, [r12], #1\n strb r7, [r12], #1\n"

/* r4 r5 sums of a + 2^14 b of two pairs of channels, r6 r7 of a alone; r8 the mask. */
#define NK_ROW_W2_GROUP                                                                     \
  "ldr r3, [r1], #4\n ldr r2, [r0], #4\n sxtb16 r9, r2\n sxtb16 r10, r2, ror #8\n"          \
  "and lr, r8, r3\n smlad r4, lr, r9, r4\n and lr, r8, r3, ror #4\n smlad r5, lr, r9, r5\n" \
  "and lr, r8, r3, ror #8\n smlad r4, lr, r10, r4\n and lr, r8, r3, ror #12\n smlad r5, lr, r10, r5\n"
#define NK_ROW_W2_FOUR NK_ROW_W2_GROUP NK_ROW_W2_GROUP NK_ROW_W2_GROUP NK_ROW_W2_GROUP
#define NK_ROW_W2_LOAD "movw r8, #0xC003\n movt r8, #0xC003\n ldm r1!, {r4-r7}\n"
#define NK_ROW_W2_TAKE NK_W2_TAKE("r4", "r6") NK_W2_TAKE("r5", "r7")
#define NK_ROW_W2_FINISH \
  "ldr r2, [sp, #20]\n add r6, r6, r2\n add r7, r7, r2\n lsl r6, r6, #5\n lsl r7, r7, #5\n"           \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_ONCE("r6", "r2", "r3", "1") NK_ONCE("r4", "r12", "lr", "10")      \
  "ldm r1!, {r2, r3, r12, lr}\n" NK_ONCE("r7", "r2", "r3", "1") NK_ONCE("r5", "r12", "lr", "10")      \
  "ldr r12, [sp, #16]\n strb r6, [r12], #1\n strb r4, [r12], #1\n strb r7, [r12], #1\n"               \
  "strb r5, [r12], #1\n"

/* sp+0 x, 4 x_end, 8 stream, 12 stream_end, 16 y, 20 offset, 24 segment. Label 1: four channels; 5: a
 * segment; 4: four inputs; 2: 16 inputs; 3: the segment's end. */
#define NK_ROW_PACKED_FUNCTION(name, LOAD, GROUP, FOUR, TAKE, FINISH)                                       \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                         \
                                                            const nk_row_packed *s) {                       \
    __asm__ volatile(                                                                                       \
        "push {r4-r11, lr}\n ldm r0, {r1-r7}\n push {r1-r7}\n mov r1, r3\n"                                 \
        "1: ldr r0, [sp]\n" LOAD                                                                            \
        "5: ldr r2, [sp, #24]\n ldr r3, [sp, #4]\n add r11, r0, r2\n cmp r11, r3\n it hi\n movhi r11, r3\n" \
        "4: sub r2, r11, r0\n lsls r2, r2, #28\n beq 6f\n" GROUP                                            \
        "b 4b\n"                                                                                            \
        "6: cmp r0, r11\n beq 3f\n .p2align 2\n"                                                            \
        "2:\n" FOUR                                                                                         \
        "cmp r0, r11\n bne 2b\n"                                                                            \
        "3:\n" TAKE "ldr r3, [sp, #4]\n cmp r0, r3\n bne 5b\n" FINISH                                       \
        "str r12, [sp, #16]\n ldr r2, [sp, #12]\n cmp r1, r2\n bne 1b\n"                                    \
        "add sp, sp, #28\n pop {r4-r11, pc}\n");                                                            \
  }

NK_ROW_PACKED_FUNCTION(nk_row_run_w4, NK_ROW_W4_LOAD, NK_ROW_W4_GROUP, NK_ROW_W4_FOUR, NK_ROW_W4_TAKE,
                       NK_ROW_W4_FINISH)
NK_ROW_PACKED_FUNCTION(nk_row_run_w2, NK_ROW_W2_LOAD, NK_ROW_W2_GROUP, NK_ROW_W2_FOUR, NK_ROW_W2_TAKE,
                       NK_ROW_W2_FINISH)

#else

static inline void nk_row_run_w4(const nk_row_packed *s) {
  int8_t *y = s->y;
  for (const int32_t *w = s->stream; w < s->stream_end; w += 8) {
    int32_t sums[4];
    memcpy(sums, w, sizeof sums);
    w += 4;
    for (const int8_t *x = s->x; x < s->x_end; x += 4, w += 2) {
      nk_w4_products(sums, (uint32_t)w[0], nk_pairs_02(nk_word(x)));
      nk_w4_products(sums, (uint32_t)w[1], nk_pairs_13(nk_word(x)));
    }
    nk_w4_apart(sums, s->offset);
    sums[0] = (int32_t)((uint32_t)sums[0] << 4);
    for (int32_t c = 0; c < 4; c++) *y++ = nk_scaled_once(sums[c], w + 2 * c, c < 2 ? 3 : 4 * c - 1);
  }
}

static inline void nk_row_run_w2(const nk_row_packed *s) {
  int8_t *y = s->y;
  for (const int32_t *w = s->stream; w < s->stream_end; w += 8) {
    int32_t both[2] = {w[0], w[1]}, first[2] = {w[2], w[3]};
    int32_t left = s->segment;
    w += 4;
    for (const int8_t *x = s->x; x < s->x_end; w++) {
      const uint32_t pairs[2] = {nk_pairs_02(nk_word(x)), nk_pairs_13(nk_word(x))};
      for (int32_t i = 0; i < 4; i++)
        both[i & 1] = nk_smlad(nk_rotated((uint32_t)*w, 4 * i) & NK_W2_PAIRS, pairs[i >> 1], both[i & 1]);
      x += 4;
      left -= 4;
      if (left > 0 && x < s->x_end) continue;
      left = s->segment;
      for (int32_t i = 0; i < 2; i++) {
        const int32_t low = nk_w2_low(both[i]);
        first[i] += low;
        both[i] = (int32_t)((uint32_t)both[i] - (uint32_t)low);
      }
    }
    for (int32_t c = 0; c < 2; c++) {
      const int32_t sum = (int32_t)((uint32_t)(first[c] + s->offset) << 5);
      *y++ = nk_scaled_once(sum, w + 4 * c, 1);
      *y++ = nk_scaled_once(both[c], w + 4 * c + 2, 10);
    }
  }
}

#endif

static inline int32_t nk_row_packed_sum(const int8_t *x, const int8_t *end) {
  int32_t sum = 0;
  for (; x < end; x += 4)
    sum = nk_packed_added(nk_pairs_13(nk_word(x)), nk_packed_added(nk_pairs_02(nk_word(x)), sum));
  return sum;
}

/* All rows of a layer; the last one to three channels go by way of four bytes of their own. */
static inline void nk_rows_packed(const int8_t *x, const int32_t *w, int8_t *y, int32_t bits,
                                  const nk_packed_row_args *a) {
  const int32_t rest = a->channels & 3;
  const int32_t block = 12 + a->depth * bits / 8;
  const int32_t *const end = w + block * (a->channels >> 2);
  for (int32_t row = 0; row < a->rows; row++, x += a->depth, y += a->channels) {
    const int32_t offset = -a->lift * nk_row_packed_sum(x, x + a->depth);
    nk_row_packed s = {x, x + a->depth, w, end, y, offset, 4 * a->segment};
    for (int32_t part = w == end; part <= (rest > 0); part++) {
      int8_t last[4];
      if (part > 0) s.stream = end, s.stream_end = end + block, s.y = last;
      if (bits == 4) {
        nk_row_run_w4(&s);
      } else {
        nk_row_run_w2(&s);
      }
      if (part > 0) memcpy(y + a->channels - rest, last, (size_t)rest);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
  }
}

#endif
