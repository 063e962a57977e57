/* Rows of a matrix product on cores with many registers and MULHU, two channels at a time: their weights lie
   in a word, a + b * 2^16, so that one multiplication by an input makes two products. Inputs come in pieces
   whose sums, from a start that keeps them from being negative, fit half a word; what the pieces make is
   added up in whole words: all of it, and the upper halves. */
#ifndef NK_TWOS_S8_H
#define NK_TWOS_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_high_steps_s8.h"

/* Words of a block: two channels each. */
#define NK_TWOS_WORDS 16

/* x to `end`: a row; w: its inputs by a block's words; starts and cuts: a piece's words and its inputs, a
   multiple of two. All three are led on to the next block's. zero: what inputs count less, where they are
   skipped. sums: of every word the sum over pieces, and that of its upper half. */
typedef struct nk_twos_run {
  const int8_t *x;
  const int8_t *end;
  const uint32_t *w;
  const uint32_t *starts;
  const int32_t *cuts;
  int32_t zero;
  uint32_t *sums;
} nk_twos_run;

/* A sum's stored value by {what is added to it, multiplier, addend, floor}. */
static inline int8_t nk_twos_value(uint32_t sum, const int32_t *scale, const nk_twos_args *a) {
  return (int8_t)nk_high_floor((sum + (uint32_t)scale[0]) << a->up, scale + 1, a->shift, a->top, a->lowest);
}

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 inputs, a1 weights, a2 where the piece ends, a3 the zero point, a4 an input, a7 the struct; words in
   t0-t6 and s0-s8; s9 is 0 in the first piece. Two loads at a time, lest one be waited for. */
#define NK_TWOS_PAIR(u, i, a, b)                                                                       \
  "lw a5, " u "*64+" i "(a1)\n lw a6, " u "*64+4+" i "(a1)\n mul a5, a5, a4\n mul a6, a6, a4\n add " a \
  ", " a ", a5\n add " b ", " b ", a6\n"
#define NK_TWOS_PRODUCTS(u)         \
  NK_TWOS_PAIR(u, "0", "t0", "t1")  \
  NK_TWOS_PAIR(u, "8", "t2", "t3")  \
  NK_TWOS_PAIR(u, "16", "t4", "t5") \
  NK_TWOS_PAIR(u, "24", "t6", "s0") \
  NK_TWOS_PAIR(u, "32", "s1", "s2") \
  NK_TWOS_PAIR(u, "40", "s3", "s4") \
  NK_TWOS_PAIR(u, "48", "s5", "s6") \
  NK_TWOS_PAIR(u, "56", "s7", "s8")
#define NK_TWOS_EVERY(u) "lb a4, " u "(a0)\n" NK_TWOS_PRODUCTS(u)
#define NK_TWOS_SKIP(u) "lb a4, " u "(a0)\n sub a4, a4, a3\n beqz a4, 2f\n" NK_TWOS_PRODUCTS(u) "2:\n"

/* All sixteen words, with where each of two numbers of a word lies. */
#define NK_TWOS_WORDS_OF(one)                                                                                \
  one("t0", "0", "4") one("t1", "8", "12") one("t2", "16", "20") one("t3", "24", "28") one("t4", "32", "36") \
      one("t5", "40", "44") one("t6", "48", "52") one("s0", "56", "60") one("s1", "64", "68")                \
          one("s2", "72", "76") one("s3", "80", "84") one("s4", "88", "92") one("s5", "96", "100")           \
              one("s6", "104", "108") one("s7", "112", "116") one("s8", "120", "124")
#define NK_TWOS_FIRST(t, i, j) "sw " t ", " i "(a4)\n srli " t ", " t ", 16\n sw " t ", " j "(a4)\n"
#define NK_TWOS_LATER(t, i, j)                                                                       \
  "lw a5, " i "(a4)\n lw a6, " j "(a4)\n add a5, a5, " t "\n srli " t ", " t ", 16\n add a6, a6, " t \
  "\n sw "                                                                                           \
  "a5, " i "(a4)\n sw a6, " j "(a4)\n"

#define NK_TWOS_FUNCTION(name, input)                                                                          \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) nk_twos_run *run) {                \
    __asm__ volatile(                                                                                        \
        "addi sp, sp, -48\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"    \
        "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n mv a7, a0\n"        \
        "li s9, 0\n lw a1, 8(a7)\n lw a3, 20(a7)\n lw a0, 0(a7)\n"                                           \
        "5: lw a4, 12(a7)\n lw a2, 16(a7)\n"                                                                 \
        "lw t0, 0(a4)\n lw t1, 4(a4)\n lw t2, 8(a4)\n lw t3, 12(a4)\n lw t4, 16(a4)\n lw t5, 20(a4)\n"       \
        "lw t6, 24(a4)\n lw s0, 28(a4)\n lw s1, 32(a4)\n lw s2, 36(a4)\n lw s3, 40(a4)\n lw s4, 44(a4)\n"    \
        "lw s5, 48(a4)\n lw s6, 52(a4)\n lw s7, 56(a4)\n lw s8, 60(a4)\n addi a4, a4, 64\n"                  \
        "addi a5, a2, 4\n lw a2, 0(a2)\n sw a4, 12(a7)\n sw a5, 16(a7)\n add a2, a2, a0\n"                   \
        "1:\n" input("0") input("1") \
        "addi a0, a0, 2\n addi a1, a1, 128\n bne a0, a2, 1b\n lw a4, 24(a7)\n bnez s9, 3f\n"                 \
        NK_TWOS_WORDS_OF(NK_TWOS_FIRST) "li s9, 1\n j 4f\n3:\n" NK_TWOS_WORDS_OF(NK_TWOS_LATER)              \
        "4: lw a5, 4(a7)\n bne a0, a5, 5b\n sw a1, 8(a7)\n"                                                  \
        "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n lw s5, 20(sp)\n"       \
        "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n addi sp, sp, 48\n ret\n"); \
  }
NK_TWOS_FUNCTION(nk_twos_all, NK_TWOS_EVERY)
NK_TWOS_FUNCTION(nk_twos_skipping, NK_TWOS_SKIP)

#else

/* The pieces of a row; inputs count less `zero`. */
static inline void nk_twos_pieces(nk_twos_run *run, int32_t zero) {
  const int8_t *x = run->x;
  for (int32_t i = 0; i < 2 * NK_TWOS_WORDS; i++) run->sums[i] = 0;
  while (x != run->end) {
    uint32_t words[NK_TWOS_WORDS];
    for (int32_t i = 0; i < NK_TWOS_WORDS; i++) words[i] = *run->starts++;
    for (const int8_t *const end = x + *run->cuts++; x != end; x++, run->w += NK_TWOS_WORDS) {
      const uint32_t v = (uint32_t)(*x - zero);
      for (int32_t i = 0; i < NK_TWOS_WORDS; i++) words[i] += v * run->w[i];
    }
    for (int32_t i = 0; i < NK_TWOS_WORDS; i++) {
      run->sums[2 * i] += words[i];
      run->sums[2 * i + 1] += words[i] >> 16;
    }
  }
}

static inline void nk_twos_all(nk_twos_run *run) { nk_twos_pieces(run, 0); }

static inline void nk_twos_skipping(nk_twos_run *run) { nk_twos_pieces(run, run->zero); }

#endif

#endif
