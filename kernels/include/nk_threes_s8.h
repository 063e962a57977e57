/* Rows of a matrix product on cores with many registers and MULHU, three channels at a time: their weights
   lie in two words, a + c * 2^21 and b + c * 2^11, so that two multiplications by an input make three
   products. Inputs at their zero point are passed over with all their weights: what a row takes depends on
   its data. Sums start from the bias and an offset that keeps them from 0 to 2^21 - 1. */
#ifndef NK_THREES_S8_H
#define NK_THREES_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_high_steps_s8.h"
#include "nk_skip_parts.h"

/* The most threes of a block. */
#define NK_THREES_WIDEST 8
/* How far sums are shifted up: they have that much room (UP in ops/threes.py). */
#define NK_THREES_UP 10

/* Blocks of equal width: a block's weights are n inputs (a multiple of 4) by its words; one block's weights,
   starts and scales follow another's, and so do outputs, but for the last block's, which lie at `last`. */
typedef struct nk_threes_run {
  const int8_t *x;
  const int8_t *end;
  const uint32_t *w;
  const uint32_t *starts;
  const int32_t *scales;
  int8_t *y;
  int8_t *last;
  int32_t blocks;
  int32_t zero;
  int32_t shift;
  int32_t top;
  int32_t lowest;
  uint32_t *words;
} nk_threes_run;

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 inputs, a1 weights, a2 where the inputs end, a3 their zero point, a4 an input, a7 the struct; sums in
   t0-t6 and s0-s8. */
#define NK_THREE(u, n, t, a, b)                                  \
  "lw a5, " u "*8*" n "+8*" t "(a1)\n lw a6, " u "*8*" n "+8*" t \
  "+4(a1)\n mul a5, a5, a4\n mul a6, a6, a4\n"                   \
  "add " a ", " a ", a5\n add " b ", " b ", a6\n"
#define NK_THREES_2(u, n) NK_THREE(u, n, "0", "t0", "t1") NK_THREE(u, n, "1", "t2", "t3")
#define NK_THREES_4(u, n) NK_THREES_2(u, n) NK_THREE(u, n, "2", "t4", "t5") NK_THREE(u, n, "3", "t6", "s0")
#define NK_THREES_6(u, n) NK_THREES_4(u, n) NK_THREE(u, n, "4", "s1", "s2") NK_THREE(u, n, "5", "s3", "s4")
#define NK_THREES_8(u, n) NK_THREES_6(u, n) NK_THREE(u, n, "6", "s5", "s6") NK_THREE(u, n, "7", "s7", "s8")
#define NK_THREES_INPUT(u, n, products) \
  "lb a4, " u "(a0)\n sub a4, a4, a3\n beqz a4, 2f\n" products(u, n) "2:\n"

/* The words that sums start from. */
#define NK_THREES_WORDS_2 \
  "lw t0, 0(a4)\n"        \
  "lw t1, 4(a4)\n"        \
  "lw t2, 8(a4)\n"        \
  "lw t3, 12(a4)\n"
#define NK_THREES_WORDS_4 \
  NK_THREES_WORDS_2       \
  "lw t4, 16(a4)\n"       \
  "lw t5, 20(a4)\n"       \
  "lw t6, 24(a4)\n"       \
  "lw s0, 28(a4)\n"
#define NK_THREES_WORDS_6 \
  NK_THREES_WORDS_4       \
  "lw s1, 32(a4)\n"       \
  "lw s2, 36(a4)\n"       \
  "lw s3, 40(a4)\n"       \
  "lw s4, 44(a4)\n"
#define NK_THREES_WORDS_8 \
  NK_THREES_WORDS_6       \
  "lw s5, 48(a4)\n"       \
  "lw s6, 52(a4)\n"       \
  "lw s7, 56(a4)\n"       \
  "lw s8, 60(a4)\n"

/* a0 scales, a1 outputs, a4 shift, a5 top, a6 lowest: nk_high_floor of lane l of three t. */
#define NK_THREES_VALUE(v, t, l)                                                                             \
  "lw s11, 36*" t "+12*" l "+8(a0)\n bgeu " v ", s11, 7f\n sb a6, 3*" t "+" l "(a1)\n j 9f\n7: lw s9, 36*" t \
  "+12*" l "(a0)\n lw s10, 36*" t "+12*" l "+4(a0)\n mulhu " v ", " v ", s9\n add " v ", " v                 \
  ", s10\n bge a5, " v ", 8f\n mv " v ", a5\n8: sra " v ", " v ", a4\n sb " v ", 3*" t "+" l "(a1)\n9:\n"
/* Parts the words of three t as nk_part_skips does, NK_THREES_UP bits up. */
#define NK_THREES_OUT(t, first, second)                                                               \
  "srli a3, " first ", 21\n slli s9, a3, 11\n sub " second ", " second                                \
  ", s9\n slli a3, a3, 10\n srli s9, " second ", 22\n slli s9, s9, 21\n add a3, a3, s9\n slli " first \
  ", " first ", 11\n srli " first ", " first ", 1\n slli " second ", " second                         \
  ", 10\n" NK_THREES_VALUE(first, t, "0") NK_THREES_VALUE(second, t, "1") NK_THREES_VALUE("a3", t, "2")
#define NK_THREES_OUT_2 NK_THREES_OUT("0", "t0", "t1") NK_THREES_OUT("1", "t2", "t3")
#define NK_THREES_OUT_4 NK_THREES_OUT_2 NK_THREES_OUT("2", "t4", "t5") NK_THREES_OUT("3", "t6", "s0")
#define NK_THREES_OUT_6 NK_THREES_OUT_4 NK_THREES_OUT("4", "s1", "s2") NK_THREES_OUT("5", "s3", "s4")
#define NK_THREES_OUT_8 NK_THREES_OUT_6 NK_THREES_OUT("6", "s5", "s6") NK_THREES_OUT("7", "s7", "s8")

#define NK_THREES_FUNCTION(name, n, products, words, outputs)                                                \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) nk_threes_run *run) {            \
    __asm__ volatile(                                                                                        \
        "addi sp, sp, -48\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"    \
        "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n"   \
        "sw s11, 44(sp)\n mv a7, a0\n"                                                                       \
        "5: lw a0, 0(a7)\n lw a2, 4(a7)\n lw a1, 8(a7)\n lw a4, 12(a7)\n lw a3, 32(a7)\n" words              \
        "1:\n" NK_THREES_INPUT("0", n, products) NK_THREES_INPUT("1", n, products)                           \
            NK_THREES_INPUT("2", n, products) NK_THREES_INPUT(                                               \
                "3", n,                                                                                      \
                products) "addi a0, a0, 4\n addi a1, a1, 32*" n                                              \
                          "\n bne a0, a2, 1b\n"                                                              \
                          "sw a1, 8(a7)\n lw a0, 16(a7)\n lw a1, 20(a7)\n lw a4, 36(a7)\n "                  \
                          "lw a5, 40(a7)\n lw a6, 44(a7)\n" outputs "addi a0, a0, 36*" n                     \
                          "\n sw a0, 16(a7)\n addi a1, a1, 3*" n                                             \
                          "\n lw a0, 12(a7)\n lw a2, 28(a7)\n addi a0, a0, 8*" n                             \
                          "\n sw a0, 12(a7)\n addi a2, a2, -1\n"                                             \
                          "sw a2, 28(a7)\n beqz a2, 4f\n addi a2, a2, -1\n bnez a2, 3f\n lw a1, 24(a7)\n"    \
                          "3: sw a1, 20(a7)\n j 5b\n"                                                        \
                          "4: lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n " \
                          "lw s5, 20(sp)\n"                                                                  \
                          "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, "         \
                          "40(sp)\n lw s11, 44(sp)\n"                                                        \
                          "addi sp, sp, 48\n ret\n");                                                        \
  }
NK_THREES_FUNCTION(nk_threes_2, "2", NK_THREES_2, NK_THREES_WORDS_2, NK_THREES_OUT_2)
NK_THREES_FUNCTION(nk_threes_4, "4", NK_THREES_4, NK_THREES_WORDS_4, NK_THREES_OUT_4)
NK_THREES_FUNCTION(nk_threes_6, "6", NK_THREES_6, NK_THREES_WORDS_6, NK_THREES_OUT_6)
NK_THREES_FUNCTION(nk_threes_8, "8", NK_THREES_8, NK_THREES_WORDS_8, NK_THREES_OUT_8)

static inline void nk_threes_blocks(nk_threes_run *run, int32_t width) {
  if (width == 8) {
    nk_threes_8(run);
  } else if (width == 6) {
    nk_threes_6(run);
  } else if (width == 4) {
    nk_threes_4(run);
  } else {
    nk_threes_2(run);
  }
}

#else

static inline void nk_threes_blocks(nk_threes_run *run, int32_t width) {
  for (; run->blocks > 0; run->blocks--, run->starts += 2 * width, run->y += 3 * width) {
    uint32_t words[2 * NK_THREES_WIDEST];
    for (int32_t t = 0; t < 2 * width; t++) words[t] = run->starts[t];
    for (const int8_t *x = run->x; x != run->end; x++, run->w += 2 * width) {
      const uint32_t v = (uint32_t)(*x - run->zero);
      for (int32_t t = 0; t < 2 * width; t++) words[t] += v * run->w[t];
    }
    if (run->blocks == 1) run->y = run->last;
    for (int32_t t = 0; t < width; t++) {
      uint32_t v[3];
      nk_part_skips(words[2 * t], words[2 * t + 1], v);
      for (int32_t l = 0; l < 3; l++, run->scales += 3) {
        run->y[3 * t + l] =
            (int8_t)nk_high_floor(v[l] << NK_THREES_UP, run->scales, run->shift, run->top, run->lowest);
      }
    }
  }
}

#endif

/* A row of inputs: a->wide blocks of a->width threes, then a->narrow of two fewer; the last one ends with the
   last channel. Some outputs change places at last: the fields of a three are not equally wide. */
static inline void nk_threes_row(const int8_t *x, const uint32_t *w, const uint32_t *starts,
                                 const int32_t *scales, const int32_t *swaps, int8_t *y,
                                 const nk_threes_args *a) {
  const int32_t lanes = 3 * a->width, rest = lanes - 6;
  int8_t *const narrow = y + lanes * a->wide, *const end = y + a->channels;
  nk_threes_run run = {.x = x,
                       .end = x + a->depth,
                       .w = w,
                       .starts = starts,
                       .scales = scales,
                       .last = a->narrow > 0 ? narrow - lanes : end - lanes,
                       .blocks = a->wide,
                       .zero = a->x_zero,
                       .shift = a->shift,
                       .top = a->top,
                       .lowest = a->lowest};
  run.y = a->wide > 1 ? y : run.last;
  nk_threes_blocks(&run, a->width);
  if (a->narrow > 0) {
    run.last = end - rest, run.y = a->narrow > 1 ? narrow : run.last, run.blocks = a->narrow;
    nk_threes_blocks(&run, a->width - 2);
  }
  for (int32_t i = 0; i < 2 * a->swaps; i += 2) {
    const int8_t kept = y[swaps[i]];
    y[swaps[i]] = y[swaps[i + 1]];
    y[swaps[i + 1]] = kept;
  }
}

#endif
