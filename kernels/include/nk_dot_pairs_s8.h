/* Four channels of a matrix product on cores without SIMD: one 32-bit multiplication makes two products.
   A byte of a word of weights is 128 + the weight of one of four channels. The bytes of channels 0 and 2 make
   a word of two halves, those of channels 1 and 3 another. Multiplied by inputs and summed modulo 2^32, less
   128 times the sum of the inputs in both halves, they hold A + C * 2^16 and B + D * 2^16: as long as the
   sums of products are within 16 bits, they can be read from it. */
#ifndef NK_DOT_PAIRS_S8_H
#define NK_DOT_PAIRS_S8_H

#include <stdint.h>

#define NK_PAIR_HALVES UINT32_C(0x00FF00FF)

#if defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy. r0 where the inputs end, r1 weights, r2 minus their
   number, r3 the two words. */
#define NK_PAIR                                                                          \
  "ldrsb r5, [r0, r2]\n ldmia r1!, {r4}\n movs r6, r4\n ands r6, r7\n muls r6, r5, r6\n" \
  "add r8, r6\n lsrs r4, r4, #8\n ands r4, r7\n muls r4, r5, r4\n add r9, r4\n adds r2, #1\n"

__attribute__((naked, noinline)) static void nk_dot_pairs4(__attribute__((unused)) const int8_t *end,
                                                           __attribute__((unused)) const uint32_t *w,
                                                           __attribute__((unused)) int32_t minus,
                                                           __attribute__((unused)) uint32_t t[2]) {
  __asm__ volatile(
      ".syntax unified\n push {r4-r7, lr}\n mov r4, r8\n mov r5, r9\n push {r3-r5}\n"
      "ldr r7, [r3]\n mov r8, r7\n mov r9, r7\n movs r7, #255\n lsls r4, r7, #16\n orrs r7, r4\n"
      "1:\n" NK_PAIR NK_PAIR
      "bne 1b\n"
      "pop {r3-r5}\n mov r0, r8\n mov r1, r9\n stmia r3!, {r0, r1}\n mov r8, r4\n mov r9, r5\n pop {r4-r7, "
      "pc}\n");
}

#else

static inline void nk_dot_pairs4(const int8_t *end, const uint32_t *w, int32_t minus, uint32_t t[2]) {
  uint32_t even = t[0], odd = t[0];
  for (; minus != 0; minus++, w++) {
    const uint32_t x = (uint32_t)end[minus];
    even += x * (*w & NK_PAIR_HALVES);
    odd += x * (*w >> 8 & NK_PAIR_HALVES);
  }
  t[0] = even, t[1] = odd;
}

#endif

/* Eight channels, in words w and u: {A + C, B + D} of both. t[0] holds minus 128 times the inputs' sum. */
#if defined(__ARM_ARCH_7M__)

/* r0 inputs, r1 and r2 weights, r12 where the inputs end, lr the mask; sums in r4-r7. */
#define NK_PAIR_WORD(word, first, second)                                                                   \
  "and r11, " word ", lr\n mla " first ", r11, r8, " first "\n and r11, lr, " word ", lsr #8\n mla " second \
  ", r11, r8, " second "\n"
#define NK_PAIR_EIGHT                                                                          \
  "ldrsb r8, [r0], #1\n ldr r9, [r1], #4\n ldr r10, [r2], #4\n" NK_PAIR_WORD("r9", "r4", "r5") \
      NK_PAIR_WORD("r10", "r6", "r7")

__attribute__((naked, noinline)) static void nk_dot_pairs_words(__attribute__((unused)) const int8_t *x,
                                                                __attribute__((unused)) const uint32_t *w,
                                                                __attribute__((unused)) const uint32_t *u,
                                                                __attribute__((unused)) const int8_t *end,
                                                                __attribute__((unused)) uint32_t *t) {
  __asm__ volatile(
      ".syntax unified\n push {r4-r11, lr}\n mov r12, r3\n ldr r3, [sp, #36]\n ldr r4, [r3]\n mov r5, r4\n"
      "mov r6, r4\n mov r7, r4\n mov lr, #0x00FF00FF\n"
      "1:\n" NK_PAIR_EIGHT NK_PAIR_EIGHT "cmp r0, r12\n bne 1b\n stm r3, {r4-r7}\n pop {r4-r11, pc}\n");
}

static inline void nk_dot_pairs8(const int8_t *x, const uint32_t *w, const uint32_t *u, int32_t n,
                                 uint32_t t[4]) {
  nk_dot_pairs_words(x, w, u, x + n, t);
}

#elif defined(__riscv)

static inline void nk_dot_pairs8(const int8_t *x, const uint32_t *w, const uint32_t *u, int32_t n,
                                 uint32_t t[4]) {
  uint32_t a = t[0], b = t[0], c = t[0], d = t[0];
  for (const int8_t *const end = x + n; x != end; x += 2, w += 2, u += 2) {
    for (int32_t k = 0; k < 2; k++) {
      const uint32_t v = (uint32_t)x[k];
      a += v * (w[k] & NK_PAIR_HALVES);
      b += v * (w[k] >> 8 & NK_PAIR_HALVES);
      c += v * (u[k] & NK_PAIR_HALVES);
      d += v * (u[k] >> 8 & NK_PAIR_HALVES);
    }
  }
  t[0] = a, t[1] = b, t[2] = c, t[3] = d;
}

#else

static inline void nk_dot_pairs8(const int8_t *x, const uint32_t *w, const uint32_t *u, int32_t n,
                                 uint32_t t[4]) {
  t[2] = t[0], t[3] = 0;
  nk_dot_pairs4(x + n, w, -n, t);
  if (u != w) nk_dot_pairs4(x + n, u, -n, t + 2);
}

#endif

#endif
