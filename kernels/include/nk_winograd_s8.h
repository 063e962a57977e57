/* 3 x 3 convolutions of stride 1 with a third fewer multiplications, exactly: Winograd's F(2, 3) along the
   rows (Winograd 1980; Lavin and Gray 2016, arXiv:1509.09308), on integers.

   Two neighbouring outputs of a row need four inputs d0..d3 and three weights g0..g2:
     y0 = (m0 + m1 + m2) / 2, y1 = (m1 - m2 + m3) / 2 with m0 = (d0 - d2) * 2 g0, m1 = (d1 + d2) * (g0 + g1 +
   g2), m2 = (d2 - d1) * (g0 - g1 + g2), m3 = (d3 - d1) * 2 g2. All of it stays whole: sums are twice what
   they stand for, to the bit, and the requantisation halves them. Inputs are combined into halfword pairs as
   in nk_pairs_s8.h; three pairs of outputs ("tiles") and two channels are computed together. Columns hold the
   four products one after the other in the order m1, m2, m0, m3. */
#ifndef NK_WINOGRAD_S8_H
#define NK_WINOGRAD_S8_H

#include "nk_pairs_s8.h"

/* As nk_strip. `product` is the bytes of one product's columns; y + second is the second output of a tile. */
typedef struct nk_tiles {
  const int32_t *columns;
  const int16_t *weights;
  const int16_t *weights_end;
  const int32_t *scales;
  int8_t *y;
  int32_t stride;
  int32_t second;
  int32_t product;
} nk_tiles;

/* Four neighbouring pixels d of some rows, combined, as one tile's place in the columns. `product` as in
   nk_tiles; `groups` of four inputs a pixel, `step` bytes from a pixel's end to the one below it. */
typedef struct nk_combine {
  int32_t *columns;
  int32_t product;
  const int8_t *d[4];
  int32_t groups;
  int32_t rows;
  int32_t step;
} nk_combine;

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Loads stand together, which is cheaper on a Cortex-M4; pointers move with the last one, lest a Cortex-M7
 * wait for them. */
#define NK_TILE_HALF_GROUP                                                                                  \
  "ldr.w r3, [r1, #4]\n ldr.w r10, [r0, #4]\n ldr.w r11, [r0, #8]\n ldr r2, [r1], #8\n ldr r9, [r0], #12\n" \
  "smlad r8, r3, r10, r8\n smlad lr, r3, r11, lr\n smlad r7, r3, r9, r7\n"                                  \
  "smlad r5, r2, r10, r5\n smlad r6, r2, r11, r6\n smlad r4, r2, r9, r4\n"
#define NK_TILE_THREE_GROUPS                                                                     \
  NK_TILE_HALF_GROUP NK_TILE_HALF_GROUP NK_TILE_HALF_GROUP NK_TILE_HALF_GROUP NK_TILE_HALF_GROUP \
      NK_TILE_HALF_GROUP
/* One product: r0 and r1 move on; groups come in sixes. */
#define NK_TILE_PRODUCT(label)                                                                    \
  "ldr r12, [sp, #28]\n add r12, r12, r0\n" label ":\n" NK_TILE_THREE_GROUPS NK_TILE_THREE_GROUPS \
  "cmp r0, r12\n bne " label "b\n"

#define NK_TILE_STORE(offset)                                           \
  "ldr r1, [sp, #16]\n ldr r2, [sp, #20]\n" offset                      \
  "strb r6, [r1, r2, lsl #1]\n strb r5, [r1, r2]\n strb r4, [r1], #1\n" \
  "strb lr, [r1, r2, lsl #1]\n strb r8, [r1, r2]\n strb r7, [r1], #1\n"

/* NK_TWICE for sums that are twice what they stand for: SMMULR by the multiplier halves them on the way. */
#define NK_TILE_TWICE(r)                                                          \
  "smmulr " r ", " r ", r1\n add " r ", " r ", " r ", asr #31\n smmlar " r ", " r \
  ", r2, r3\n"                                                                    \
  "ssat " r ", #8, " r "\n"
#define NK_TILE_SCALE                                                                       \
  "ldm r0!, {r1, r2, r3}\n" NK_TILE_TWICE("r4") NK_TILE_TWICE("r5")                         \
      NK_TILE_TWICE("r6") "ldm r0!, {r1, r2, r3}\n" NK_TILE_TWICE("r7") NK_TILE_TWICE("r8") \
          NK_TILE_TWICE("lr")

/* sp+0 columns, 4 weights, 8 weights_end, 12 scales, 16 y, 20 stride, 24 second, 28 product; below them, at
   sp+32, six words of sums and two saved pointers. */
#define NK_TILE_FUNCTION(name, SCALE)                                                                          \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_tiles *s) {               \
    __asm__ volatile(                                                                                        \
        "push {r4-r11, lr}\n sub sp, sp, #32\n ldm r0, {r1-r8}\n push {r1-r8}\n ldr r1, [sp, #4]\n"         \
        "1: ldr r0, [sp, #12]\n ldm r0!, {r4, r7}\n str r0, [sp, #12]\n"                                    \
        "mov r5, r4\n mov r6, r4\n mov r8, r7\n mov lr, r7\n ldr r0, [sp]\n"                                \
        NK_TILE_PRODUCT("2")                                                                                 \
        "add r12, sp, #32\n stm r12, {r4-r8, lr}\n"                                                         \
        NK_TILE_PRODUCT("3")                                                                                 \
        "add r12, sp, #32\n ldm r12, {r2, r3, r9, r10, r11, r12}\n"                                         \
        "rsb r2, r4, r2, lsl #1\n rsb r3, r5, r3, lsl #1\n rsb r9, r6, r9, lsl #1\n"                       \
        "rsb r10, r7, r10, lsl #1\n rsb r11, r8, r11, lsl #1\n rsb r12, lr, r12, lsl #1\n"                 \
        "str r2, [sp, #32]\n str r3, [sp, #36]\n str r9, [sp, #40]\n str r10, [sp, #44]\n"                  \
        "str r11, [sp, #48]\n str r12, [sp, #52]\n"                                                         \
        NK_TILE_PRODUCT("4")                                                                                 \
        "str r0, [sp, #56]\n str r1, [sp, #60]\n ldr r0, [sp, #12]\n" SCALE NK_TILE_STORE("")                 \
        "ldr r0, [sp, #56]\n ldr r1, [sp, #60]\n ldr r4, [sp, #32]\n ldr r5, [sp, #36]\n"                   \
        "ldr r6, [sp, #40]\n ldr r7, [sp, #44]\n ldr r8, [sp, #48]\n ldr lr, [sp, #52]\n"                   \
        NK_TILE_PRODUCT("5")                                                                                 \
        "str r1, [sp, #60]\n ldr r0, [sp, #12]\n" SCALE                                                     \
        NK_TILE_STORE("ldr r3, [sp, #24]\n add r1, r1, r3\n")                                               \
        "sub r1, r1, r3\n str r1, [sp, #16]\n str r0, [sp, #12]\n"                                          \
        "ldr r1, [sp, #60]\n ldr r2, [sp, #8]\n cmp r1, r2\n bne 1b\n"                                      \
        "add sp, sp, #64\n pop {r4-r11, pc}\n"); \
  }

NK_TILE_FUNCTION(nk_tiles_relu_s8, NK_STRIP_SCALE_RELU)
NK_TILE_FUNCTION(nk_tiles_s8, NK_TILE_SCALE)

/* One half of a group: r4-r7 pixels, r1 columns, r3 and r12 one product's and three products' bytes. */
#define NK_COMBINE_HALF(rotated)                                   \
  "sxtb16 r0, r9" rotated "\n sxtb16 r2, r10" rotated              \
  "\n ssub16 lr, r2, r0\n str lr, [r1, r3]\n"                      \
  "sxtb16 lr, r8" rotated                                          \
  "\n ssub16 lr, lr, r2\n str lr, [r1, r3, lsl #1]\n"              \
  "sxtb16 lr, r11" rotated                                         \
  "\n ssub16 lr, lr, r0\n str lr, [r1, r12]\n sadd16 lr, r2, r0\n" \
  "str lr, [r1], #12\n"
#define NK_COMBINE_GROUP                                                                              \
  "ldr r8, [r4], #4\n ldr r9, [r5], #4\n ldr r10, [r6], #4\n ldr r11, [r7], #4\n" NK_COMBINE_HALF("") \
      NK_COMBINE_HALF(", ror #8")

/* The struct is copied: sp+0 groups that are left, 4 groups, 8 rows, 12 step. Groups come in twos. */
__attribute__((naked, noinline)) static void nk_combine_rows(__attribute__((unused)) const nk_combine *s) {
  __asm__ volatile(
      "push {r4-r11, lr}\n ldm r0!, {r1, r3-r7}\n ldm r0, {r9, r10, r11}\n mov r8, r9\n push {r8-r11}\n"
      "add r12, r3, r3, lsl #1\n"
      "1:\n" NK_COMBINE_GROUP NK_COMBINE_GROUP
      "ldr r2, [sp]\n subs r2, #2\n str r2, [sp]\n bne 1b\n"
      "ldr r0, [sp, #12]\n ldr r2, [sp, #8]\n ldr r8, [sp, #4]\n add r4, r0\n add r5, r0\n add r6, r0\n"
      "add r7, r0\n str r8, [sp]\n subs r2, #1\n str r2, [sp, #8]\n bne 1b\n"
      "add sp, sp, #16\n pop {r4-r11, pc}\n");
}

#else

static inline uint32_t nk_add_pairs(uint32_t a, uint32_t b) {
  return ((a + b) & 0xFFFFU) | (((a >> 16) + (b >> 16)) << 16);
}

static inline uint32_t nk_sub_pairs(uint32_t a, uint32_t b) {
  return ((a - b) & 0xFFFFU) | (((a >> 16) - (b >> 16)) << 16);
}

static inline void nk_combine_rows(const nk_combine *s) {
  const int32_t words = s->product / 4;
  int32_t *columns = s->columns;
  for (int32_t i = 0; i < 2 * s->groups * s->rows; i++, columns += 3) {
    const int32_t row = i / (2 * s->groups);
    const int32_t at = row * (4 * s->groups + s->step) + 4 * (i % (2 * s->groups) / 2);
    uint32_t a[4];
    for (int32_t k = 0; k < 4; k++) {
      const uint32_t bytes = nk_word(s->d[k] + at);
      a[k] = i % 2 == 0 ? nk_pairs_02(bytes) : nk_pairs_13(bytes);
    }
    columns[0] = (int32_t)nk_add_pairs(a[1], a[2]);
    columns[words] = (int32_t)nk_sub_pairs(a[2], a[1]);
    columns[2 * words] = (int32_t)nk_sub_pairs(a[0], a[2]);
    columns[3 * words] = (int32_t)nk_sub_pairs(a[3], a[1]);
  }
}

/* One product of one channel (every second word of the weights) with three tiles. */
static inline void nk_tile_product(int32_t sums[3], const int32_t *columns, int32_t words, const int16_t *w) {
  for (int32_t i = 0; i < words; i += 3, columns += 3, w += 4) {
    uint32_t pair;
    memcpy(&pair, w, 4);
    for (int32_t p = 0; p < 3; p++) sums[p] = nk_smlad(pair, (uint32_t)columns[p], sums[p]);
  }
}

/* NK_TILE_TWICE: `sum` is twice the accumulator. */
static inline int8_t nk_tile_scaled(int32_t sum, const int32_t *scale) {
  const int32_t value = nk_smmlar(sum, scale[0], 0);
  return nk_strip_saturated(nk_smmlar(value + (value >> 31), scale[1], scale[2]));
}

static inline void nk_tile_channel(const nk_tiles *s, const int16_t *w, int32_t bias, const int32_t *scale,
                                   int32_t relu, int8_t *y) {
  const int32_t words = s->product / 4;
  int32_t sums[4][3] = {{bias, bias, bias}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  for (int32_t t = 0; t < 4; t++)
    nk_tile_product(sums[t], s->columns + t * words, words, w + t * (words / 3) * 4);
  for (int32_t p = 0; p < 3; p++) {
    const int32_t first = sums[0][p] + sums[1][p] + sums[2][p];
    const int32_t second = sums[0][p] - sums[1][p] + sums[3][p];
    y[p * s->stride] = relu ? nk_strip_scaled_relu(first, scale) : nk_tile_scaled(first, scale);
    y[p * s->stride + s->second] = relu ? nk_strip_scaled_relu(second, scale) : nk_tile_scaled(second, scale);
  }
}

static inline void nk_tiles_run(const nk_tiles *s, int32_t relu) {
  const int32_t words = relu ? 2 : 3;
  const int32_t *scales = s->scales;
  int8_t *y = s->y;
  for (const int16_t *w = s->weights; w < s->weights_end;
       w += s->product / 3 * 4, scales += 2 * words + 2, y += 2) {
    nk_tile_channel(s, w, scales[0], scales + 2, relu, y);
    nk_tile_channel(s, w + 2, scales[1], scales + 2 + words, relu, y + 1);
  }
}

static inline void nk_tiles_relu_s8(const nk_tiles *s) { nk_tiles_run(s, 1); }

static inline void nk_tiles_s8(const nk_tiles *s) { nk_tiles_run(s, 0); }

#endif

#endif
