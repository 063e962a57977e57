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

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_TILE_HALF_GROUP                                                                           \
  "ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr r9, [r0], #4\n ldr r10, [r0], #4\n ldr r11, [r0], #4\n" \
  "smlad r4, r2, r9, r4\n smlad r5, r2, r10, r5\n smlad r6, r2, r11, r6\n"                           \
  "smlad r7, r3, r9, r7\n smlad r8, r3, r10, r8\n smlad lr, r3, r11, lr\n"
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

#define NK_TILE_HALVE \
  "asr r4, r4, #1\n asr r5, r5, #1\n asr r6, r6, #1\n asr r7, r7, #1\n asr r8, r8, #1\n asr lr, lr, #1\n"

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
        "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n mov r8, #0\n mov lr, #0\n"                     \
        NK_TILE_PRODUCT("3")                                                                                 \
        "add r12, sp, #32\n ldm r12, {r2, r3, r9, r10, r11, r12}\n"                                         \
        "add r4, r4, r2\n rsb r2, r4, r2, lsl #1\n add r5, r5, r3\n rsb r3, r5, r3, lsl #1\n"               \
        "add r6, r6, r9\n rsb r9, r6, r9, lsl #1\n add r7, r7, r10\n rsb r10, r7, r10, lsl #1\n"            \
        "add r8, r8, r11\n rsb r11, r8, r11, lsl #1\n add lr, lr, r12\n rsb r12, lr, r12, lsl #1\n"         \
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
NK_TILE_FUNCTION(nk_tiles_s8, NK_TILE_HALVE NK_STRIP_SCALE)

static inline uint32_t nk_add_pairs(uint32_t a, uint32_t b) {
  uint32_t sum;
  __asm__("sadd16 %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}

static inline uint32_t nk_sub_pairs(uint32_t a, uint32_t b) {
  uint32_t difference;
  __asm__("ssub16 %0, %1, %2" : "=r"(difference) : "r"(a), "r"(b));
  return difference;
}

#else

static inline uint32_t nk_add_pairs(uint32_t a, uint32_t b) {
  return ((a + b) & 0xFFFFU) | (((a >> 16) + (b >> 16)) << 16);
}

static inline uint32_t nk_sub_pairs(uint32_t a, uint32_t b) {
  return ((a - b) & 0xFFFFU) | (((a >> 16) - (b >> 16)) << 16);
}

/* One product of one channel (every second word of the weights) with three tiles. */
static inline void nk_tile_product(int32_t sums[3], const int32_t *columns, int32_t words, const int16_t *w) {
  for (int32_t i = 0; i < words; i += 3, columns += 3, w += 4) {
    uint32_t pair;
    memcpy(&pair, w, 4);
    for (int32_t p = 0; p < 3; p++) sums[p] = nk_smlad(pair, (uint32_t)columns[p], sums[p]);
  }
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
    y[p * s->stride] = relu ? nk_strip_scaled_relu(first, scale) : nk_strip_scaled(first >> 1, scale);
    y[p * s->stride + s->second] =
        relu ? nk_strip_scaled_relu(second, scale) : nk_strip_scaled(second >> 1, scale);
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
