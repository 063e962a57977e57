/* 3 x 3 convolutions of stride 1 with half of the multiplications, exactly: Winograd's F(4, 3) along the rows
   (Winograd 1980) on integers, for single rows, which have no tile of four by four (nk_winograd_4x4_s8.h).

   A tile is four outputs of a row, from six inputs of each of three rows. The six are transformed (B^T d),
   multiplied with transformed weights at each of six places, summed up over the three rows and all input
   channels, and transformed back (A^T m). Weights are multiplied by 24 (A's last row by 8), so that all
   numbers are whole, and sums are 24 times what they stand for, modulo 2^32. Inputs count from -128; two
   channels share a word, as in nk_winograd_4x4_s8.h. */
#ifndef NK_WINOGRAD_1X4_S8_H
#define NK_WINOGRAD_1X4_S8_H

#include "nk_winograd_4x4_s8.h"

/* Six places of `place` bytes, word by word of each tile in turn; weights place by place, for every two
   inputs a word of each of four channels; sums as 6 places x 4 channels x tiles. */
typedef struct nk_winograd_line {
  const uint32_t *columns;
  const int16_t *weights;
  uint32_t *sums;
  int32_t place;
} nk_winograd_line;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r11 sums, lr a place's bytes, r12 its end; sp+0 where the sums end. */
__attribute__((naked, noinline, unused)) static void nk_winograd_line_one(__attribute__((unused))
                                                                          const nk_winograd_line *s) {
  __asm__ volatile(
      "push {r3-r11, lr}\n ldm r0, {r0, r1, r11, lr}\n add r2, r11, #96\n str r2, [sp]\n add r12, r0, lr\n"
      "1:\n" NK_SQUARE_FIRST "2:\n" NK_SQUARE_SEVEN "cmp r0, r12\n beq 3f\n" NK_SQUARE_STEP
      "b 2b\n"
      "3: stm r11!, {r4-r7}\n add r12, lr\n ldr r2, [sp]\n cmp r11, r2\n bne 1b\n pop {r3-r11, pc}\n");
}

/* sp+0 place, 4 where sums go, 8 and where they end, 12 the place's end. */
__attribute__((naked, noinline, unused)) static void nk_winograd_line_two(__attribute__((unused))
                                                                          const nk_winograd_line *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldm r0, {r0, r1, r2, r3}\n sub sp, #20\n add r4, r2, #192\n str r3, [sp]\n"
      "str r2, [sp, #4]\n str r4, [sp, #8]\n"
      "1: ldr r2, [sp]\n add r2, r0\n str r2, [sp, #12]\n" NK_SQUARES_FIRST "2:\n" NK_SQUARES_SEVEN
      "ldr r2, [sp, #12]\n cmp r0, r2\n beq 3f\n" NK_SQUARES_STEP
      "b 2b\n"
      "3: ldr r2, [sp, #4]\n ldr r3, [sp, #8]\n stm r2!, {r4-r11}\n str r2, [sp, #4]\n cmp r2, r3\n bne 1b\n"
      "add sp, sp, #20\n pop {r4-r11, pc}\n");
}

/* Two of four channels, counted from -128, transformed; the halves of a word are signed halfwords. */
#define NK_BAND_HALF(rotated, x, word) \
  NK_SQUARE_GET("r0", "r1", x)         \
  "sxtab16 r4, r10, r4" rotated "\n sxtab16 r5, r10, r5" rotated "\n sxtab16 r6, r10, r6" rotated     \
  "\n sxtab16 r7, r10, r7" rotated "\n sxtab16 r8, r10, r8" rotated "\n sxtab16 r9, r10, r9" rotated  \
  "\n mov.w r12, #0x8000\n" NK_SQUARE_TRANSFORM("add r11, r11, r12\n add r6, r6, r12\n add r9, r9, r12\n") \
  "eor r4, r4, r12\n eor r11, r11, r12\n eor r6, r6, r12\n eor r7, r7, r12\n eor r8, r8, r12\n"       \
  "eor r9, r9, r12\n add r12, r2, r3\n" NK_SQUARE_PUT("r2", "r3", "[r2], #" word)

/* r0 x, r1 step, r2 columns, r3 place, r10 128 twice; sp+0 where x ends. */
#define NK_BAND_ALONG(name, word)                                                                       \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                     \
                                                            const nk_square_walk *s) {                  \
    __asm__ volatile(                                                                                   \
        "push {r3-r11, lr}\n ldm r0, {r0, r1, r2, r3, r4}\n add r4, r0\n str r4, [sp]\n"                \
        "mov.w r10, #0x00800080\n"                                                                      \
        "1:\n" NK_BAND_HALF("", "[r0]", word) NK_BAND_HALF(                                             \
            ", ror #8", "[r0], #4", word) "ldr r12, [sp]\n cmp r0, r12\n bne 1b\n pop {r3-r11, pc}\n"); \
  }

NK_BAND_ALONG(nk_winograd_line_along_one, "4")
NK_BAND_ALONG(nk_winograd_line_along_two, "8")

#define NK_BAND_ONCE(r) NK_ONCE(r, "r3", "r4", "8")
#define NK_BAND_SCALE_ONCE NK_BAND_ONCE("r5") NK_BAND_ONCE("r6") NK_BAND_ONCE("r9") NK_BAND_ONCE("r11")

/* The sum's 24th: the nearest integer to it times 178956971 / 2^32; then NK_TWICE. */
#define NK_BAND_TWICE(r) "smmulr " r ", " r ", r10\n" NK_TWICE(r, "r3", "r4", "r7")
#define NK_BAND_SCALE_TWICE                                                                            \
  "ldr r7, [sp, #32]\n movw r10, #0xAAAB\n movt r10, #0xAAA\n" NK_BAND_TWICE("r5") NK_BAND_TWICE("r6") \
      NK_BAND_TWICE("r9") NK_BAND_TWICE("r11")

NK_SQUARE_STORE(nk_winograd_line_store_one_relu, "4", "2", "4", NK_BAND_SCALE_ONCE)
NK_SQUARE_STORE(nk_winograd_line_store_one, "4", "2", "4", NK_BAND_SCALE_TWICE)
NK_SQUARE_STORE(nk_winograd_line_store_two_relu, "8", "3", "8", NK_BAND_SCALE_ONCE)
NK_SQUARE_STORE(nk_winograd_line_store_two, "8", "3", "8", NK_BAND_SCALE_TWICE)

#else

static inline void nk_winograd_line_run(const nk_winograd_line *s, int32_t tiles) {
  const int32_t words = s->place / 4, row = 4 * tiles;
  const int16_t *w = s->weights;
  for (int32_t place = 0; place < 6; place++) {
    uint32_t *const m = s->sums + place * row;
    for (int32_t i = 0; i < row; i++) m[i] = 0;
    for (int32_t k = 0; k < words; k += tiles, w += 8) {
      for (int32_t i = 0; i < row; i++) {
        uint32_t pair;
        memcpy(&pair, w + 2 * (i / tiles), 4);
        m[i] = (uint32_t)nk_smlad(pair, s->columns[place * words + k + i % tiles], (int32_t)m[i]);
      }
    }
  }
}

static inline void nk_winograd_line_one(const nk_winograd_line *s) { nk_winograd_line_run(s, 1); }

static inline void nk_winograd_line_two(const nk_winograd_line *s) { nk_winograd_line_run(s, 2); }

static inline void nk_winograd_line_along(const nk_square_walk *s, int32_t tiles) {
  for (int32_t at = 0; at < s->bytes; at += 4) {
    const nk_six bytes = nk_square_pixels(s, at);
    for (int32_t half = 0; half < 2; half++)
      nk_square_keep(s->columns + (at / 2 + half) * tiles, s->place / 4,
                     nk_square_inputs(nk_square_halves(bytes, 8 * half), 0x8000U), 0x8000U);
  }
}

static inline void nk_winograd_line_along_one(const nk_square_walk *s) { nk_winograd_line_along(s, 1); }

static inline void nk_winograd_line_along_two(const nk_square_walk *s) { nk_winograd_line_along(s, 2); }

static inline int8_t nk_winograd_line_scaled(uint32_t sum, const int32_t *scale, int32_t zero, int32_t relu) {
  return relu ? nk_scaled_once((int32_t)sum, scale + 1, 8)
              : nk_scaled_twice(nk_smmlar((int32_t)sum, 178956971, 0), scale + 1, zero);
}

static inline void nk_winograd_line_store(const nk_square_out *s, int32_t tiles, int32_t relu) {
  for (int32_t c = 0; c < s->channels; c++) {
    const int32_t *const scale = s->scales + 3 * c;
    const nk_six sums = nk_square_outputs(s->sums + c * tiles, 4 * tiles, (uint32_t)scale[0]);
    int8_t *const y = s->y + c;
    y[0] = nk_winograd_line_scaled(sums.a, scale, s->zero, relu);
    y[s->pixel] = nk_winograd_line_scaled(sums.b, scale, s->zero, relu);
    y[2 * s->pixel] = nk_winograd_line_scaled(sums.c, scale, s->zero, relu);
    y[3 * s->pixel] = nk_winograd_line_scaled(sums.d, scale, s->zero, relu);
  }
}

static inline void nk_winograd_line_store_one_relu(const nk_square_out *s) {
  nk_winograd_line_store(s, 1, 1);
}

static inline void nk_winograd_line_store_one(const nk_square_out *s) { nk_winograd_line_store(s, 1, 0); }

static inline void nk_winograd_line_store_two_relu(const nk_square_out *s) {
  nk_winograd_line_store(s, 2, 1);
}

static inline void nk_winograd_line_store_two(const nk_square_out *s) { nk_winograd_line_store(s, 2, 0); }

#endif

#endif
