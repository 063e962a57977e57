/* Eight pixels, two in a word, times four channels of packed weights (nk_halves_packed_s8.h), for cores with
   many registers. A word holds the four channels' weights of two inputs, or of four with weights of two bits,
   the first input's first channel in the highest bits. Words of the first channel's sums come first. */
#ifndef NK_DOT_EIGHTS_S8_H
#define NK_DOT_EIGHTS_S8_H

#include "nk_dot_halves_s8.h"

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 columns, a1 words of weights, a3 one of them, a2 where the columns end, a4-a7 an input, s9 a weight;
   sums in t0-t6 and s0-s8. */
#define NK_EIGHTS_MEET(top, a, b, c, d)                                                              \
  "srai s9, a3, " top "\n mul s10, s9, a4\n mul s11, s9, a5\n add " a ", " a ", s10\n add " b ", " b \
  ", s11\n mul s10, s9, a6\n mul s9, s9, a7\n add " c ", " c ", s10\n add " d ", " d ", s9\n"
#define NK_EIGHTS_NEXT(bits) "slli a3, a3, " bits "\n"
#define NK_EIGHTS_INPUT(bits, top, p, q, r, s)                              \
  "lw a4, " p "(a0)\n lw a5, " q "(a0)\n lw a6, " r "(a0)\n lw a7, " s      \
  "(a0)\n" NK_EIGHTS_MEET(top, "t0", "t1", "t2", "t3") NK_EIGHTS_NEXT(bits) \
      NK_EIGHTS_MEET(top, "t4", "t5", "t6", "s0") NK_EIGHTS_NEXT(bits)      \
          NK_EIGHTS_MEET(top, "s1", "s2", "s3", "s4") NK_EIGHTS_NEXT(bits)  \
              NK_EIGHTS_MEET(top, "s5", "s6", "s7", "s8")
#define NK_EIGHTS_FUNCTION(name, step)                                                                      \
  __attribute__((naked, noinline, unused)) static void name(                                                \
      __attribute__((unused)) const uint32_t *x, __attribute__((unused)) const int32_t *w,                  \
      __attribute__((unused)) const uint32_t *end, __attribute__((unused)) uint32_t *t) {                   \
    __asm__ volatile(                                                                                       \
        "addi sp, sp, -64\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"   \
        "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n"  \
        "sw s11, 44(sp)\n sw a3, 48(sp)\n"                                                                  \
        "lui t0, 0x80008\n mv t1, t0\n mv t2, t0\n mv t3, t0\n mv t4, t0\n mv t5, t0\n mv t6, t0\n"         \
        "mv s0, t0\n mv s1, t0\n mv s2, t0\n mv s3, t0\n mv s4, t0\n mv s5, t0\n mv s6, t0\n mv s7, t0\n"   \
        "mv s8, t0\n"                                                                                       \
        "1:\n" step                                                                                         \
        "bne a0, a2, 1b\n lw a3, 48(sp)\n"                                                                  \
        "sw t0, 0(a3)\n sw t1, 4(a3)\n sw t2, 8(a3)\n sw t3, 12(a3)\n sw t4, 16(a3)\n sw t5, 20(a3)\n"      \
        "sw t6, 24(a3)\n sw s0, 28(a3)\n sw s1, 32(a3)\n sw s2, 36(a3)\n sw s3, 40(a3)\n sw s4, 44(a3)\n"   \
        "sw s5, 48(a3)\n sw s6, 52(a3)\n sw s7, 56(a3)\n sw s8, 60(a3)\n"                                   \
        "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n lw s5, 20(sp)\n"      \
        "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, 40(sp)\n lw s11, 44(sp)\n" \
        "addi sp, sp, 64\n ret\n");                                                                         \
  }
NK_EIGHTS_FUNCTION(nk_dot_eights_w4,
                   "lw a3, 0(a1)\n" NK_EIGHTS_INPUT("4", "28", "0", "4", "8", "12") NK_EIGHTS_NEXT("4")
                       NK_EIGHTS_INPUT("4", "28", "16", "20", "24",
                                       "28") "lw a3, 4(a1)\n" NK_EIGHTS_INPUT("4", "28", "32", "36", "40",
                                                                              "44") NK_EIGHTS_NEXT("4")
                           NK_EIGHTS_INPUT("4", "28", "48", "52", "56",
                                           "60") "addi a0, a0, 64\n addi a1, a1, 8\n")
NK_EIGHTS_FUNCTION(nk_dot_eights_w2,
                   "lw a3, 0(a1)\n" NK_EIGHTS_INPUT("2", "30", "0", "4", "8", "12") NK_EIGHTS_NEXT("2")
                       NK_EIGHTS_INPUT("2", "30", "16", "20", "24", "28") NK_EIGHTS_NEXT("2")
                           NK_EIGHTS_INPUT("2", "30", "32", "36", "40", "44") NK_EIGHTS_NEXT("2")
                               NK_EIGHTS_INPUT("2", "30", "48", "52", "56",
                                               "60") "addi a0, a0, 64\n addi a1, a1, 4\n")

/* Sixteen words of four channels from n inputs, a multiple of four. */
static inline void nk_dot_eights(const uint32_t *x, const int32_t *w, int32_t n, uint32_t *t, int32_t bits) {
  if (bits == 4) {
    nk_dot_eights_w4(x, w, x + 4 * n, t);
  } else {
    nk_dot_eights_w2(x, w, x + 4 * n, t);
  }
}

#else

/* Sixteen words of four channels from n inputs, a multiple of four. */
static inline void nk_dot_eights(const uint32_t *x, const int32_t *w, int32_t n, uint32_t *t, int32_t bits) {
  for (int32_t i = 0; i < 16; i++) t[i] = NK_HALVES_START;
  for (const uint32_t *const end = x + 4 * n; x != end; w++) {
    uint32_t word = (uint32_t)*w;
    for (int32_t left = 8 / bits; left > 0; left--, x += 4) {
      for (int32_t c = 0; c < 16; c += 4, word <<= bits) {
        const uint32_t v = (uint32_t)nk_packed_first(word, bits);
        for (int32_t p = 0; p < 4; p++) t[c + p] += v * x[p];
      }
    }
  }
}

#endif

#endif
