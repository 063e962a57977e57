/* Sums of products of a row of inputs less their zero point with sixteen or four channels. Inputs that are 0
   then are passed over with all their weights: n inputs by as many bytes as there are channels. */
#ifndef NK_ROW_SKIPS_S8_H
#define NK_ROW_SKIPS_S8_H

#include <stdint.h>

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 inputs, a1 weights, a2 where the inputs end, a3 their zero point, a4 where the sums go; sums in s0-s8
   and t0-t6. Two loads at a time, lest one be waited for. */
#define NK_ROW_PAIR(i, j, a, b)                                                                           \
  "lb a6, " i "(a1)\n lb a7, " j "(a1)\n mul a6, a6, a5\n mul a7, a7, a5\n add " a ", " a ", a6\n add " b \
  ", " b ", a7\n"
#define NK_ROW_INPUT(x, n, products) \
  "lb a5, " x "(a0)\n sub a5, a5, a3\n beqz a5, 2" n "f\n" products "2" n ":\n"
#define NK_ROW_SIXTEEN(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) \
  NK_ROW_PAIR(a, b, "s0", "s1")                                        \
  NK_ROW_PAIR(c, d, "s2", "s3")                                        \
  NK_ROW_PAIR(e, f, "s4", "s5")                                        \
  NK_ROW_PAIR(g, h, "s6", "s7")                                        \
  NK_ROW_PAIR(i, j, "s8", "t0")                                        \
  NK_ROW_PAIR(k, l, "t1", "t2") NK_ROW_PAIR(m, n, "t3", "t4") NK_ROW_PAIR(o, p, "t5", "t6")
/* Registers that the caller wants back wait where their sums will be: the stack is RAM, too. */
#define NK_ROW_TAKE(s, at) "sw " s ", " at "(a4)\n li " s ", 0\n"
#define NK_ROW_GIVE(s, at) "lw a5, " at "(a4)\n sw " s ", " at "(a4)\n mv " s ", a5\n"

/* n, a multiple of 2, and sixteen channels. */
__attribute__((naked, noinline)) static void nk_row_skips16(__attribute__((unused)) const int8_t *x,
                                                            __attribute__((unused)) const int8_t *w,
                                                            __attribute__((unused)) const int8_t *end,
                                                            __attribute__((unused)) int32_t zero,
                                                            __attribute__((unused)) int32_t *sums) {
  __asm__ volatile(
      NK_ROW_TAKE("s0", "0") NK_ROW_TAKE("s1", "4") NK_ROW_TAKE("s2", "8") NK_ROW_TAKE("s3", "12")
      NK_ROW_TAKE("s4", "16") NK_ROW_TAKE("s5", "20") NK_ROW_TAKE("s6", "24") NK_ROW_TAKE("s7", "28")
      NK_ROW_TAKE("s8", "32")
      "li t0, 0\n li t1, 0\n li t2, 0\n li t3, 0\n li t4, 0\n li t5, 0\n li t6, 0\n"
      "1:\n" NK_ROW_INPUT("0", "0",
                          NK_ROW_SIXTEEN("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
                                         "14", "15"))
      NK_ROW_INPUT("1", "1",
                   NK_ROW_SIXTEEN("16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28",
                                  "29", "30", "31"))
      "addi a0, a0, 2\n addi a1, a1, 32\n bne a0, a2, 1b\n"
      NK_ROW_GIVE("s0", "0") NK_ROW_GIVE("s1", "4") NK_ROW_GIVE("s2", "8") NK_ROW_GIVE("s3", "12")
      NK_ROW_GIVE("s4", "16") NK_ROW_GIVE("s5", "20") NK_ROW_GIVE("s6", "24") NK_ROW_GIVE("s7", "28")
      NK_ROW_GIVE("s8", "32")
      "sw t0, 36(a4)\n sw t1, 40(a4)\n sw t2, 44(a4)\n sw t3, 48(a4)\n sw t4, 52(a4)\n sw t5, 56(a4)\n"
      "sw t6, 60(a4)\n ret\n");
}

#else

static inline void nk_row_skips16(const int8_t *x, const int8_t *w, const int8_t *end, int32_t zero,
                                  int32_t *sums) {
  for (int32_t c = 0; c < 16; c++) {
    int32_t sum = 0;
    for (const int8_t *p = x; p != end; p++) sum += (*p - zero) * w[16 * (p - x) + c];
    sums[c] = sum;
  }
}

#endif

/* The same for four channels. */
static inline void nk_row_skips4(const int8_t *x, const int8_t *w, const int8_t *end, int32_t zero,
                                 int32_t *sums) {
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (; x != end; x++, w += 4) {
    const int32_t v = *x - zero;
    if (v == 0) continue;
    a += v * w[0], b += v * w[1], c += v * w[2], d += v * w[3];
  }
  sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

#endif
