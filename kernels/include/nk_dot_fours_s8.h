/* Sums of products of four or eight channels of a matrix product. A word of weights serves one input and four
   channels, the first in the lowest byte. */
#ifndef NK_DOT_FOURS_S8_H
#define NK_DOT_FOURS_S8_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy. r0 where the inputs end, r1 weights, r2 minus their
   number, r3 the sums. */
#define NK_FOUR                                                                         \
  "ldrsb r5, [r0, r2]\n ldmia r1!, {r4}\n sxtb r6, r4\n muls r6, r5, r6\n add r8, r6\n" \
  "lsls r6, r4, #16\n asrs r6, r6, #24\n muls r6, r5, r6\n add r9, r6\n"                \
  "lsls r6, r4, #8\n asrs r6, r6, #24\n muls r6, r5, r6\n adds r7, r7, r6\n"            \
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
static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n,
                                 int32_t sums[8]) {
  nk_dot_fours4(x + n, w, -n, sums);
  if (u != w) nk_dot_fours4(x + n, u, -n, sums + 4);
}

#elif defined(__ARM_ARCH_7M__)

/* r0 inputs, r1 and r2 weights, r12 where the inputs end; sums in r4-r11. */
#define NK_FOUR(w, i, sum) "ldrsb lr, [" w ", #" i "]\n mla " sum ", lr, r3, " sum "\n"
#define NK_FOUR_EIGHT(i, j, k, l)                                                                  \
  "ldrsb r3, [r0], #1\n" NK_FOUR("r1", i, "r4") NK_FOUR("r1", j, "r5") NK_FOUR("r1", k, "r6")      \
      NK_FOUR("r1", l, "r7") NK_FOUR("r2", i, "r8") NK_FOUR("r2", j, "r9") NK_FOUR("r2", k, "r10") \
          NK_FOUR("r2", l, "r11")

__attribute__((naked, noinline)) static void nk_dot_fours(__attribute__((unused)) const int8_t *x,
                                                          __attribute__((unused)) const int32_t *w,
                                                          __attribute__((unused)) const int32_t *u,
                                                          __attribute__((unused)) const int8_t *end,
                                                          __attribute__((unused)) int32_t *sums) {
  __asm__ volatile(
      ".syntax unified\n push {r4-r11, lr}\n mov r12, r3\n movs r4, #0\n movs r5, #0\n movs r6, #0\n"
      "movs r7, #0\n mov r8, r4\n mov r9, r4\n mov r10, r4\n mov r11, r4\n"
      "1:\n" NK_FOUR_EIGHT("0", "1", "2", "3") NK_FOUR_EIGHT("4", "5", "6", "7")
      "adds r1, #8\n adds r2, #8\n cmp r0, r12\n bne 1b\n"
      "ldr r3, [sp, #36]\n stm r3, {r4-r11}\n pop {r4-r11, pc}\n");
}

/* Eight channels, those of w and those of u, which may be the same; n is a multiple of 2. */
static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n,
                                 int32_t sums[8]) {
  nk_dot_fours(x, w, u, x + n, sums);
}

#elif defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* Bytes are loaded: they cost no more than the word and need no shifts. Two at a time, lest a load be waited
 * for. */
#define NK_FOUR_PAIR(w, i, j, first, second) \
  "lb a6, " i "(" w ")\n lb a7, " j "(" w    \
  ")\n mul a6, a6, a5\n mul a7, a7, a5\n"    \
  "add " first ", " first ", a6\n add " second ", " second ", a7\n"
#define NK_FOUR_EIGHT(x, i, j, k, l)                                                             \
  "lb a5, " x "(a0)\n" NK_FOUR_PAIR("a1", i, j, "t0", "t1") NK_FOUR_PAIR("a1", k, l, "t2", "t3") \
      NK_FOUR_PAIR("a2", i, j, "t4", "t5") NK_FOUR_PAIR("a2", k, l, "t6", "a4")

/* a0 inputs, a1 and a2 weights, a3 where the inputs end; sums in t0-t6 and a4. */
__attribute__((naked, noinline)) static void nk_dot_fours(__attribute__((unused)) const int8_t *x,
                                                          __attribute__((unused)) const int32_t *w,
                                                          __attribute__((unused)) const int32_t *u,
                                                          __attribute__((unused)) const int8_t *end,
                                                          __attribute__((unused)) int32_t *sums) {
  __asm__ volatile(
      "addi sp, sp, -16\n sw a4, 0(sp)\n li t0, 0\n li t1, 0\n li t2, 0\n li t3, 0\n li t4, 0\n li t5, 0\n"
      "li t6, 0\n li a4, 0\n"
      "1:\n" NK_FOUR_EIGHT("0", "0", "1", "2", "3") NK_FOUR_EIGHT("1", "4", "5", "6", "7")
      "addi a0, a0, 2\n addi a1, a1, 8\n addi a2, a2, 8\n bne a0, a3, 1b\n"
      "lw a5, 0(sp)\n sw t0, 0(a5)\n sw t1, 4(a5)\n sw t2, 8(a5)\n sw t3, 12(a5)\n sw t4, 16(a5)\n sw t5, 20(a5)\n"
      "sw t6, 24(a5)\n sw a4, 28(a5)\n addi sp, sp, 16\n ret\n");
}

static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n,
                                 int32_t sums[8]) {
  nk_dot_fours(x, w, u, x + n, sums);
}

#else

/* The weight of channel c in a word, by shifts: the same for every order of bytes. */
static inline int32_t nk_four(int32_t word, int32_t c) {
  return (int32_t)((uint32_t)word << (24 - 8 * c)) >> 24;
}

static inline void nk_dot_fours8(const int8_t *x, const int32_t *w, const int32_t *u, int32_t n,
                                 int32_t sums[8]) {
  for (int32_t c = 0; c < 4; c++) {
    int32_t s = 0, t = 0;
    for (int32_t i = 0; i < n; i++) s += x[i] * nk_four(w[i], c), t += x[i] * nk_four(u[i], c);
    sums[c] = s, sums[c + 4] = t;
  }
}

#endif

#endif
