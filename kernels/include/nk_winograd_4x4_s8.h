/* 3 x 3 convolutions of stride 1 with a quarter of the multiplications, exactly: Winograd's F(4 x 4, 3 x 3)
   (Winograd 1980; Lavin and Gray 2016, arXiv:1509.09308) on integers.

   A tile is 4 x 4 outputs, from 6 x 6 inputs. Inputs are transformed (B^T d B), multiplied with transformed
   weights at each of 36 places, summed up over the input channels, and transformed back (A^T m A). The
   fractions of the weights' transform are powers of two and sixths: with its rows multiplied by 24 (the last
   by 3, and A's last by 8) all numbers are whole, and what comes out is 576 times what it stands for, modulo
   2^32, which ops/winograd_4x4.py proves to be enough. The requantisation divides it, exactly.

   Inputs count from -128, and two channels share a word as the integer a + 65536 b: sums and products with
   constants are then ordinary ones, until the halves are made signed halfwords for SMLAD. */
#ifndef NK_WINOGRAD_4X4_S8_H
#define NK_WINOGRAD_4X4_S8_H

#include "nk_pairs_s8.h"

/* Transformed inputs of two tiles side by side, or of one where there are sixteen channels, word by word in
   turn: 36 places of `place` bytes, down the columns first. Weights: place by place, for every two inputs a
   word of each of four channels. Sums come out as 6 columns x 4 rows x 4 channels x tiles; two more rows are
   written meanwhile. */
typedef struct nk_square {
  const uint32_t *columns;
  const int16_t *weights;
  uint32_t *sums;
  int32_t place;
} nk_square;

/* Sums of `channels` (four at most) of a tile, their scales, and `rows` of the tile's place in an image: its
 * pixels `pixel`, its rows `line` bytes apart. */
typedef struct nk_square_out {
  const uint32_t *sums;
  const int32_t *scales;
  int8_t *y;
  int32_t channels;
  int32_t pixel;
  int32_t line;
  int32_t rows;
  int32_t zero;
} nk_square_out;

/* A column of six pixels, `step` bytes apart, of so many bytes, and where its places are, `place` bytes
 * apart. */
typedef struct nk_square_walk {
  const int8_t *x;
  int32_t step;
  uint32_t *columns;
  int32_t place;
  int32_t bytes;
} nk_square_walk;

/* Six words, written out: compilers keep a struct's members in registers. */
typedef struct nk_six {
  uint32_t a, b, c, d, e, f;
} nk_six;

static inline nk_six nk_square_column(const uint32_t *x, int32_t step) {
  const nk_six six = {x[0], x[step], x[2 * step], x[3 * step], x[4 * step], x[5 * step]};
  return six;
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* One tile: r0 columns, r1 weights, r4-r7 sums. Loads stand together, which is
 * cheaper on a Cortex-M4; pointers move with the last one, lest a Cortex-M7
 * wait for them. */
#define NK_SQUARE_LOADS                                                      \
  "ldr.w r3, [r1, #4]\n ldr.w r8, [r1, #8]\n ldr.w r9, [r1, #12]\n ldr r2, " \
  "[r0], #4\n ldr r10, [r1], "                                               \
  "#16\n"
#define NK_SQUARE_FIRST                                       \
  NK_SQUARE_LOADS                                             \
  "smuad r5, r3, r2\n smuad r6, r8, r2\n smuad r7, r9, r2\n " \
  "smuad r4, r10, r2\n"
#define NK_SQUARE_STEP                                       \
  NK_SQUARE_LOADS                                            \
  "smlad r5, r3, r2, r5\n smlad r6, r8, r2, r6\n smlad r7, " \
  "r9, r2, r7\n smlad r4, r10, "                             \
  "r2, r4\n"
#define NK_SQUARE_SEVEN \
  NK_SQUARE_STEP NK_SQUARE_STEP NK_SQUARE_STEP NK_SQUARE_STEP NK_SQUARE_STEP NK_SQUARE_STEP NK_SQUARE_STEP

/* Two tiles: r4-r11 sums, channel by channel. */
#define NK_SQUARES_LOADS                                                       \
  "ldr r3, [r0, #4]\n ldr.w lr, [r1, #4]\n ldr r2, [r0], #8\n ldr r12, [r1], " \
  "#8\n"
#define NK_SQUARES_MORE "ldr.w lr, [r1, #4]\n ldr r12, [r1], #8\n"
#define NK_SQUARES_FIRST                                    \
  NK_SQUARES_LOADS                                          \
  "smuad r4, r12, r2\n smuad r5, r12, r3\n smuad r6, lr, "  \
  "r2\n smuad r7, lr, r3\n" NK_SQUARES_MORE                 \
  "smuad r8, r12, r2\n smuad r9, r12, r3\n smuad r10, lr, " \
  "r2\n smuad r11, lr, r3\n"
#define NK_SQUARES_STEP                                                       \
  NK_SQUARES_LOADS                                                            \
  "smlad r4, r12, r2, r4\n smlad r5, r12, r3, r5\n smlad r6, lr, r2, r6\n "   \
  "smlad r7, lr, r3, r7\n" NK_SQUARES_MORE                                    \
  "smlad r8, r12, r2, r8\n smlad r9, r12, r3, r9\n smlad r10, lr, r2, r10\n " \
  "smlad r11, lr, r3, r11\n"
#define NK_SQUARES_SEVEN                                                                          \
  NK_SQUARES_STEP NK_SQUARES_STEP NK_SQUARES_STEP NK_SQUARES_STEP NK_SQUARES_STEP NK_SQUARES_STEP \
      NK_SQUARES_STEP

/* Six sums of a column, `row` bytes apart, to four; r11 moves on. */
#define NK_SQUARE_FOLD(row)                                                           \
  "ldr.w r3, [r11, #" row "]\n ldr.w r4, [r11, #2*" row "]\n ldr.w r5, [r11, #3*" row \
  "]\n ldr.w r6, [r11, #4*" row "]\n ldr.w r7, [r11, #5*" row                         \
  "]\n ldr.w r2, [r11]\n"                                                             \
  "add r8, r3, r4\n sub r3, r3, r4\n add r4, r5, r6\n sub r5, r5, r6\n add "          \
  "r2, r2, r8\n add r2, r2, r4\n"                                                     \
  "add r6, r3, r5, lsl #1\n add r8, r8, r4, lsl #2\n add r5, r5, r7\n add "           \
  "r3, r3, r5, lsl #3\n"                                                              \
  "str r6, [r11, #" row "]\n str r8, [r11, #2*" row "]\n str r3, [r11, #3*" row "]\n str r2, [r11], #4\n"
#define NK_SQUARE_FOLDS(row) \
  NK_SQUARE_FOLD(row)        \
  NK_SQUARE_FOLD(row) NK_SQUARE_FOLD(row) NK_SQUARE_FOLD(row)

/* One tile of sixteen channels. r11 sums, lr places and r12 columns that are left. */
__attribute__((naked, noinline, unused)) static void nk_square_one(__attribute__((unused))
                                                                   const nk_square *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldm r0, {r0, r1, r11}\n mov r12, #6\n"
      "1: mov lr, #6\n"
      "2:\n" NK_SQUARE_FIRST NK_SQUARE_SEVEN
      "stm r11!, {r4-r7}\n subs lr, #1\n bne 2b\n"
      "sub r11, #96\n" NK_SQUARE_FOLDS("16") "add r11, #48\n subs r12, #1\n bne 1b\n pop {r4-r11, pc}\n");
}

/* sp+0 place, 4 columns that are left, 8 where sums go, 12 and where the
 * column's sums end, 16 the place's end. */
__attribute__((naked, noinline, unused)) static void nk_square_two(__attribute__((unused))
                                                                   const nk_square *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldm r0, {r0, r1, r2, r3}\n mov r4, #6\n sub sp, "
      "#20\n stm sp, {r3, r4}\n"
      "1: add r3, r2, #192\n str r2, [sp, #8]\n str r3, [sp, #12]\n"
      "2: ldr r2, [sp]\n add r2, r0\n str r2, [sp, #16]\n" NK_SQUARES_FIRST
      "3:\n" NK_SQUARES_SEVEN
      "ldr r2, [sp, #16]\n cmp r0, r2\n beq 4f\n" NK_SQUARES_STEP "b 3b\n"
      "4: ldr r2, [sp, #8]\n ldr r3, [sp, #12]\n stm r2!, {r4-r11}\n str r2, "
      "[sp, #8]\n cmp r2, r3\n"
      "bne 2b\n"
      "sub r11, r2, #192\n" NK_SQUARE_FOLDS("32")
          NK_SQUARE_FOLDS("32") "add r2, r11, #96\n ldr r12, [sp, #4]\n subs "
                                "r12, #1\n str r12, [sp, #4]\n bne 1b\n"
                                "add sp, sp, #20\n pop {r4-r11, pc}\n");
}

/* Six words `step` registers apart from r`base` on: r4-r9. The last one is at `base`. */
#define NK_SQUARE_GET(base, step, last)                                                       \
  "add r12, " base ", " step "\n ldr.w r5, [" base ", " step "]\n ldr.w r6, [" base ", " step \
  ", lsl #1]\n ldr.w r7, [r12, " step ", lsl #1]\n ldr.w r8, [" base ", " step                \
  ", lsl #2]\n"                                                                               \
  "ldr.w r9, [r12, " step ", lsl #2]\n ldr.w r4, " last "\n"
#define NK_SQUARE_PUT(base, step, last)                                                              \
  "str.w r11, [" base ", " step "]\n str.w r6, [" base ", " step ", lsl #1]\n str.w r7, [r12, " step \
  ", lsl #1]\n str.w r8, [" base ", " step ", lsl #2]\n str.w r9, [r12, " step                       \
  ", lsl #2]\n"                                                                                      \
  "str.w r4, " last "\n"

/* B^T of r4-r9: r4 r11 r6 r7 r8 r9. `biased` adds to r11, r6 and r9, and so to every result. */
#define NK_SQUARE_TRANSFORM(biased)                                                                       \
  "sub r11, r8, r6\n sub lr, r7, r5\n sub r4, r4, r6\n sub r6, r8, r6, lsl #2\n sub r5, r7, r5, lsl #2\n" \
  "sub r9, r9, r7\n" biased                                                                               \
  "add r4, r11, r4, lsl #2\n sub r9, r9, lr, lsl #2\n add r7, r11, lr, lsl #1\n"                          \
  "sub r8, r11, lr, lsl #1\n add r11, r6, r5\n sub r6, r6, r5\n"

/* Two of four channels, counted from -128. */
#define NK_SQUARE_HALF(rotated, x, word)                                                             \
  NK_SQUARE_GET("r0", "r1", x)                                                                       \
  "sxtab16 r4, r10, r4" rotated "\n sxtab16 r5, r10, r5" rotated "\n sxtab16 r6, r10, r6" rotated    \
  "\n sxtab16 r7, r10, r7" rotated "\n sxtab16 r8, r10, r8" rotated "\n sxtab16 r9, r10, r9" rotated \
  "\n" NK_SQUARE_TRANSFORM("") "add r12, r2, r3\n" NK_SQUARE_PUT("r2", "r3", "[r2], #" word)

/* r0 x, r1 step, r2 columns, r3 place, r10 128 twice; sp+0 where x ends. */
#define NK_SQUARE_DOWN(name, word)                                                                      \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                     \
                                                            const nk_square_walk *s) {                  \
    __asm__ volatile(                                                                                   \
        "push {r3-r11, lr}\n ldm r0, {r0, r1, r2, r3, r4}\n add r4, r0\n str r4, [sp]\n"                \
        "mov.w r10, #0x00800080\n"                                                                      \
        "1:\n" NK_SQUARE_HALF("", "[r0]", word) NK_SQUARE_HALF(                                         \
            ", ror #8", "[r0], #4", word) "ldr r12, [sp]\n cmp r0, r12\n bne 1b\n pop {r3-r11, pc}\n"); \
  }

NK_SQUARE_DOWN(nk_square_down_one, "4")
NK_SQUARE_DOWN(nk_square_down_two, "8")

/* Along the rows, in place: `words` of them `step` words apart; then the halves of a word are signed
 * halfwords. r0 columns, r1 words, r2 step, r3 six places, r10 what makes them so. */
__attribute__((naked, noinline)) static void nk_square_along(__attribute__((unused)) uint32_t *columns,
                                                             __attribute__((unused)) int32_t words,
                                                             __attribute__((unused)) int32_t step,
                                                             __attribute__((unused)) int32_t column) {
  __asm__ volatile(
      "push {r4-r11, lr}\n lsl r2, r2, #2\n lsl r3, r3, #2\n mov r10, #0x8000\n"
      "1:\n" NK_SQUARE_GET("r0", "r3", "[r0]")
      NK_SQUARE_TRANSFORM("add r11, r11, r10\n add r6, r6, r10\n add r9, r9, r10\n")
      "eor r4, r4, r10\n eor r11, r11, r10\n eor r6, r6, r10\n eor r7, r7, r10\n eor r8, r8, r10\n"
      "eor r9, r9, r10\n" NK_SQUARE_PUT("r0", "r3", "[r0]")
      "add r0, r2\n subs r1, #1\n bne 1b\n pop {r4-r11, pc}\n");
}

#define NK_SQUARE_ONCE(r) NK_ONCE(r, "r3", "r4", "12")
#define NK_SQUARE_SCALE_ONCE \
  NK_SQUARE_ONCE("r5") NK_SQUARE_ONCE("r6") NK_SQUARE_ONCE("r9") NK_SQUARE_ONCE("r11")

/* The sum's 576th: the nearest integer to it times 7456540 / 2^32; then NK_TWICE. */
#define NK_SQUARE_TWICE(r) "smmulr " r ", " r ", r10\n" NK_TWICE(r, "r3", "r4", "r7")
#define NK_SQUARE_SCALE_TWICE                                                                             \
  "ldr r7, [sp, #32]\n movw r10, #0xC71C\n movt r10, #0x71\n" NK_SQUARE_TWICE("r5") NK_SQUARE_TWICE("r6") \
      NK_SQUARE_TWICE("r9") NK_SQUARE_TWICE("r11")

/* Six sums of a row to four outputs: r0 sums, r1 y, r2 what is added to each, r3 r4 their scale, r12 pixel,
 * lr line. */
#define NK_SQUARE_ROW(row, SCALE)                                                                           \
  "ldr.w r6, [r0, #4*" row "]\n ldr.w r7, [r0, #8*" row "]\n ldr.w r8, [r0, #12*" row                       \
  "]\n ldr.w r9, [r0, #16*" row "]\n ldr.w r10, [r0, #20*" row "]\n ldr r5, [r0], #" row                    \
  "\n"                                                                                                      \
  "add r6, r6, r2\n add r11, r6, r7\n sub r6, r6, r7\n add r7, r8, r9\n sub r8, r8, r9\n add r5, r5, r11\n" \
  "add r5, r5, r7\n add r9, r6, r8, lsl #1\n add r11, r11, r7, lsl #2\n add r8, r8, r10\n"                  \
  "add r6, r6, r8, lsl #3\n" SCALE                                                                          \
  "strb r5, [r1]\n add r5, r1, r12, lsl #1\n strb r9, [r1, r12]\n strb r11, [r1, r12, lsl #1]\n"            \
  "strb r6, [r5, r12]\n add r1, lr\n"

/* sp+0 where the channel's sums end, 4 sums, 8 scales, 12 y, 16 channels that are left, 20 pixel, 24 line, 28
 * bytes of sums, 32 zero. Label 1: a channel; 2: a row. */
#define NK_SQUARE_STORE(name, lane, shift, row, SCALE)                                                        \
  __attribute__((naked, noinline, unused)) static void name(__attribute__((unused))                           \
                                                            const nk_square_out *s) {                         \
    __asm__ volatile(                                                                                       \
        "push {r4-r11, lr}\n ldm r0, {r1-r8}\n lsl r7, r7, #" shift "\n mov r12, r5\n mov lr, r6\n"       \
        "push {r1-r8}\n sub sp, #4\n"                                                                      \
        "1: ldr r0, [sp, #4]\n ldr r10, [sp, #8]\n ldr r1, [sp, #12]\n ldr r11, [sp, #28]\n"               \
        "add r11, r0\n str r11, [sp]\n ldm r10!, {r2, r3, r4}\n add r5, r0, #" lane "\n add r6, r1, #1\n"  \
        "str r5, [sp, #4]\n str r10, [sp, #8]\n str r6, [sp, #12]\n"                                       \
        "2:\n" NK_SQUARE_ROW(row, SCALE) "ldr r10, [sp]\n cmp r0, r10\n bne 2b\n"                          \
        "ldr r10, [sp, #16]\n subs r10, #1\n str r10, [sp, #16]\n bne 1b\n"                               \
        "add sp, sp, #36\n pop {r4-r11, pc}\n"); \
  }

NK_SQUARE_STORE(nk_square_store_one_relu, "4", "4", "16", NK_SQUARE_SCALE_ONCE)
NK_SQUARE_STORE(nk_square_store_one, "4", "4", "16", NK_SQUARE_SCALE_TWICE)
NK_SQUARE_STORE(nk_square_store_two_relu, "8", "5", "32", NK_SQUARE_SCALE_ONCE)
NK_SQUARE_STORE(nk_square_store_two, "8", "5", "32", NK_SQUARE_SCALE_TWICE)

#else

/* Six sums of a column, `row` words apart, to four. */
static inline void nk_square_fold(uint32_t *m, int32_t row) {
  const uint32_t s = m[row] + m[2 * row], d = m[row] - m[2 * row];
  const uint32_t u = m[3 * row] + m[4 * row], v = m[3 * row] - m[4 * row];
  m[0] += s + u;
  m[row] = d + 2 * v;
  m[2 * row] = s + 4 * u;
  m[3 * row] = d + 8 * (v + m[5 * row]);
}

static inline void nk_square_run(const nk_square *s, int32_t tiles) {
  const int32_t words = s->place / 4;
  const int32_t row = 4 * tiles;
  const int16_t *w = s->weights;
  for (int32_t place = 0; place < 36; place++) {
    uint32_t *const m = s->sums + (place / 6 * 4 + place % 6) * row;
    for (int32_t i = 0; i < row; i++) m[i] = 0;
    for (int32_t k = 0; k < words; k += tiles, w += 8) {
      for (int32_t i = 0; i < row; i++) {
        uint32_t pair;
        memcpy(&pair, w + 2 * (i / tiles), 4);
        m[i] = (uint32_t)nk_smlad(pair, s->columns[place * words + k + i % tiles], (int32_t)m[i]);
      }
    }
    for (int32_t i = 0; place % 6 == 5 && i < row; i++)
      nk_square_fold(s->sums + place / 6 * 4 * row + i, row);
  }
}

static inline void nk_square_one(const nk_square *s) { nk_square_run(s, 1); }

static inline void nk_square_two(const nk_square *s) { nk_square_run(s, 2); }

/* B^T d; `bias` is added to every result. */
static inline nk_six nk_square_inputs(nk_six d, uint32_t bias) {
  const uint32_t t = d.e - d.c, u = d.d - d.b, biased = t + bias;
  const uint32_t p = d.e - 4 * d.c + bias, q = d.d - 4 * d.b;
  const nk_six out = {4 * (d.a - d.c) + biased, p + q,          p - q,
                      biased + 2 * u,           biased - 2 * u, d.f - d.d + bias - 4 * u};
  return out;
}

static inline void nk_square_keep(uint32_t *x, int32_t step, nk_six six, uint32_t flip) {
  x[0] = six.a ^ flip;
  x[step] = six.b ^ flip;
  x[2 * step] = six.c ^ flip;
  x[3 * step] = six.d ^ flip;
  x[4 * step] = six.e ^ flip;
  x[5 * step] = six.f ^ flip;
}

static inline nk_six nk_square_pixels(const nk_square_walk *s, int32_t at) {
  nk_six six;
  uint32_t *const words[6] = {&six.a, &six.b, &six.c, &six.d, &six.e, &six.f};
  for (int32_t i = 0; i < 6; i++) *words[i] = nk_word(s->x + at + i * s->step) ^ 0x80808080U;
  return six;
}

static inline nk_six nk_square_halves(nk_six x, int32_t shift) {
  const uint32_t mask = 0x00FF00FFU;
  const nk_six six = {(x.a >> shift) & mask, (x.b >> shift) & mask, (x.c >> shift) & mask,
                      (x.d >> shift) & mask, (x.e >> shift) & mask, (x.f >> shift) & mask};
  return six;
}

static inline void nk_square_down(const nk_square_walk *s, int32_t tiles) {
  for (int32_t at = 0; at < s->bytes; at += 4) {
    const nk_six bytes = nk_square_pixels(s, at);
    for (int32_t half = 0; half < 2; half++)
      nk_square_keep(s->columns + (at / 2 + half) * tiles, s->place / 4,
                     nk_square_inputs(nk_square_halves(bytes, 8 * half), 0), 0);
  }
}

static inline void nk_square_down_one(const nk_square_walk *s) { nk_square_down(s, 1); }

static inline void nk_square_down_two(const nk_square_walk *s) { nk_square_down(s, 2); }

static inline void nk_square_along(uint32_t *columns, int32_t words, int32_t step, int32_t column) {
  for (; words > 0; words--, columns += step)
    nk_square_keep(columns, column, nk_square_inputs(nk_square_column(columns, column), 0x8000U), 0x8000U);
}

/* Six sums of a row, `column` words apart, to four outputs (a, b, c, d); `bias` is added to each. */
static inline nk_six nk_square_outputs(const uint32_t *m, int32_t column, uint32_t bias) {
  const nk_six i = nk_square_column(m, column);
  const uint32_t biased = i.b + bias, s = biased + i.c, d = biased - i.c, u = i.d + i.e, v = i.d - i.e;
  const nk_six y = {i.a + s + u, d + 2 * v, s + 4 * u, d + 8 * (v + i.f), 0, 0};
  return y;
}

static inline int8_t nk_square_scaled(uint32_t sum, const int32_t *scale, int32_t zero, int32_t relu) {
  return relu ? nk_scaled_once((int32_t)sum, scale + 1, 12)
              : nk_scaled_twice(nk_smmlar((int32_t)sum, 7456540, 0), scale + 1, zero);
}

static inline void nk_square_store(const nk_square_out *s, int32_t tiles, int32_t relu) {
  for (int32_t i = 0; i < s->channels * s->rows; i++) {
    const int32_t channel = i / s->rows, row = i % s->rows;
    const int32_t *const scale = s->scales + 3 * channel;
    const nk_six sums =
        nk_square_outputs(s->sums + (4 * row + channel) * tiles, 16 * tiles, (uint32_t)scale[0]);
    int8_t *const y = s->y + row * s->line + channel;
    y[0] = nk_square_scaled(sums.a, scale, s->zero, relu);
    y[s->pixel] = nk_square_scaled(sums.b, scale, s->zero, relu);
    y[2 * s->pixel] = nk_square_scaled(sums.c, scale, s->zero, relu);
    y[3 * s->pixel] = nk_square_scaled(sums.d, scale, s->zero, relu);
  }
}

static inline void nk_square_store_one_relu(const nk_square_out *s) { nk_square_store(s, 1, 1); }

static inline void nk_square_store_one(const nk_square_out *s) { nk_square_store(s, 1, 0); }

static inline void nk_square_store_two_relu(const nk_square_out *s) { nk_square_store(s, 2, 1); }

static inline void nk_square_store_two(const nk_square_out *s) { nk_square_store(s, 2, 0); }

#endif

#endif
