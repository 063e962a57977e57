/* Sums of products of four or eight channels of a matrix product. A word of weights serves one input and four channels,
   the first in the lowest byte. */
#ifndef NK_DOT_FOURS_S8_H
#define NK_DOT_FOURS_S8_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy. r0 where the inputs end, r1 weights, r2 minus their number, r3
   the sums. */
#define NK_FOUR                                                                                               \
  "ldrsb r5, [r0, r2]\n ldmia r1!, {r4}\n sxtb r6, r4\n muls r6, r5, r6\n add r8, r6\n"                          \
  "lsls r6, r4, #16\n asrs r6, r6, #24\n muls r6, r5, r6\n add r9, r6\n"                                       \
  "lsls r6, r4, #8\n asrs r6, r6, #24\n muls r6, r5, r6\n adds r7, r7, r6\n"                                   \
  "asrs r4, r4, #24\n muls r4, r5, r4\n adds r3, r3, r4\n adds r2, #1\n"

__attribute__((naked, noinline)) static void nk_dot_fours4(__attribute__((unused)) const int8_t *end,
                                                           __attribute__((unused)) const int32_t *w,
                                                           __attribute__((unused)) int32_t minus,
                                                           __attribute__((unused)) int32_t *sums) {
  __asm__ volatile(
      ".syntax unified\n push {r4-r7, lr}\n mov r4, r8\n mov r5, r9\n push {r3-r5}\n"
      "movs r3, #0\n movs r7, #0\n mov r8, r3\n mov r9, r3\n"
      "1:\n" NK_FOUR NK_FOUR
      "bne 1b\n"
      "pop {r2, r4, r5}\n mov r0, r8\n mov r1, r9\n stmia r2!, {r0, r1}\n str r7, [r2]\n str r3, [r2, #4]\n"
      "mov r8, r4\n mov r9, r5\n pop {r4-r7, pc}\n");
}

/* Eight channels, those of w and those of u, which may be the same; n is a multiple of 2. */
static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n, int32_t sums[8]) {
  nk_dot_fours4(x + n, w, -n, sums);
  if (u != w) nk_dot_fours4(x + n, u, -n, sums + 4);
}

#else

/* The weight of channel c in a word, by shifts: the same for every order of bytes. */
static inline int32_t nk_four(int32_t word, int32_t c) { return (int32_t)((uint32_t)word << (24 - 8 * c)) >> 24; }

static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n, int32_t sums[8]) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
  for (const int8_t *const end = x + n; x != end; w++, u++) {
    const int32_t v = *x++;
#if defined(__riscv)
    /* Little-endian: loading a byte costs no more than loading the word. */
    const int8_t *const p = (const int8_t *)w;
    const int8_t *const q = (const int8_t *)u;
    s0 += v * p[0], s1 += v * p[1], s2 += v * p[2], s3 += v * p[3];
    s4 += v * q[0], s5 += v * q[1], s6 += v * q[2], s7 += v * q[3];
#else
    s0 += v * nk_four(*w, 0), s1 += v * nk_four(*w, 1), s2 += v * nk_four(*w, 2), s3 += v * nk_four(*w, 3);
    s4 += v * nk_four(*u, 0), s5 += v * nk_four(*u, 1), s6 += v * nk_four(*u, 2), s7 += v * nk_four(*u, 3);
#endif
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3, sums[4] = s4, sums[5] = s5, sums[6] = s6, sums[7] = s7;
}

#endif

#endif
