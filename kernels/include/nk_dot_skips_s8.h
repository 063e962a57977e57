/* The inner loops of nk_skips_s8.h: sums of weights times columns, on top of those in `start`. Words of
   columns that are 0 are passed over. */
#ifndef NK_DOT_SKIPS_S8_H
#define NK_DOT_SKIPS_S8_H

#include <stdint.h>

#define NK_SKIP_CHANNELS 8
#define NK_SKIP_UP 10

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* Eight channels fill the registers. Bytes are loaded: they cost no more than the word and need no shifts,
   two at a time, lest a load be waited for. a0 columns, a1 weights, a2 where the columns end, a3 the other
   four channels' weights, a4 and a5 the words of an input; sums in t0-t6 and s0-s8. */
#define NK_SKIP_BOTH(w, i, j, a, b, c, d)                                                                \
  "lb a6, " i "(" w ")\n lb s9, " j "(" w ")\n mul a7, a6, a4\n mul a6, a6, a5\n add " a ", " a          \
  ", a7\n mul a7, s9, a4\n add " b ", " b ", a6\n mul s9, s9, a5\n add " c ", " c ", a7\n add " d ", " d \
  ", s9\n"
#define NK_SKIP_ONE(w, i, j, x, a, c)                                                                 \
  "lb a6, " i "(" w ")\n lb s9, " j "(" w ")\n mul a6, a6, " x "\n mul s9, s9, " x "\n add " a ", " a \
  ", a6\n add " c ", " c ", s9\n"

#define NK_SKIP_BOTH_FOUR(i, j, k, l)              \
  NK_SKIP_BOTH("a1", i, j, "t0", "t1", "t2", "t3") \
  NK_SKIP_BOTH("a1", k, l, "t4", "t5", "t6", "s0")
#define NK_SKIP_FIRST_FOUR(i, j, k, l) \
  NK_SKIP_ONE("a1", i, j, "a4", "t0", "t2") NK_SKIP_ONE("a1", k, l, "a4", "t4", "t6")
#define NK_SKIP_SECOND_FOUR(i, j, k, l) \
  NK_SKIP_ONE("a1", i, j, "a5", "t1", "t3") NK_SKIP_ONE("a1", k, l, "a5", "t5", "s0")

#define NK_SKIP_BOTH_EIGHT(i, j, k, l)             \
  NK_SKIP_BOTH_FOUR(i, j, k, l)                    \
  NK_SKIP_BOTH("a3", i, j, "s1", "s2", "s3", "s4") \
  NK_SKIP_BOTH("a3", k, l, "s5", "s6", "s7", "s8")
#define NK_SKIP_FIRST_EIGHT(i, j, k, l) \
  NK_SKIP_FIRST_FOUR(i, j, k, l)        \
  NK_SKIP_ONE("a3", i, j, "a4", "s1", "s3") NK_SKIP_ONE("a3", k, l, "a4", "s5", "s7")
#define NK_SKIP_SECOND_EIGHT(i, j, k, l) \
  NK_SKIP_SECOND_FOUR(i, j, k, l)        \
  NK_SKIP_ONE("a3", i, j, "a5", "s2", "s4") NK_SKIP_ONE("a3", k, l, "a5", "s6", "s8")

/* An input: label 2n is behind it, 3n where its first word is 0, 4n where only its second is. */
#define NK_SKIP_INPUT(n, x, y, both) \
  "lw a4, " x "(a0)\n lw a5, " y "(a0)\n beqz a4, 3" n "f\n beqz a5, 4" n "f\n" both "2" n ":\n"
#define NK_SKIP_REST(n, first, second) \
  "3" n ": beqz a5, 2" n "b\n" second "j 2" n "b\n4" n ":\n" first "j 2" n "b\n"

#define NK_SKIP_LOAD                                                                                     \
  "lw t0, 0(a4)\n lw t1, 4(a4)\n lw t2, 8(a4)\n lw t3, 12(a4)\n lw t4, 16(a4)\n lw t5, 20(a4)\n lw t6, " \
  "24(a4)\n lw s0, 28(a4)\n"
#define NK_SKIP_STORE                                                                                    \
  "sw t0, 0(a4)\n sw t1, 4(a4)\n sw t2, 8(a4)\n sw t3, 12(a4)\n sw t4, 16(a4)\n sw t5, 20(a4)\n sw t6, " \
  "24(a4)\n sw s0, 28(a4)\n"

#define NK_SKIP_LOAD_EIGHT                                                                          \
  NK_SKIP_LOAD                                                                                      \
  "lw s1, 32(a4)\n lw s2, 36(a4)\n lw s3, 40(a4)\n lw s4, 44(a4)\n lw s5, 48(a4)\n lw s6, 52(a4)\n" \
  "lw s7, 56(a4)\n lw s8, 60(a4)\n"
#define NK_SKIP_LOOP_EIGHT                                                                    \
  "1:\n" NK_SKIP_INPUT("0", "0", "4", NK_SKIP_BOTH_EIGHT("0", "1", "2", "3")) NK_SKIP_INPUT(  \
      "1", "8", "12", NK_SKIP_BOTH_EIGHT("4", "5", "6", "7"))                                 \
      NK_SKIP_INPUT("2", "16", "20", NK_SKIP_BOTH_EIGHT("8", "9", "10", "11")) NK_SKIP_INPUT( \
          "3", "24", "28",                                                                    \
          NK_SKIP_BOTH_EIGHT("12", "13", "14",                                                \
                             "15")) "addi a0, a0, 32\n addi a1, a1, 16\n addi a3, a3, 16\n bne a0, a2, 1b\n"
#define NK_SKIP_RESTORE_EIGHT                                                       \
  "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n"    \
  "lw s5, 20(sp)\n lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n" \
  "addi sp, sp, 48\n ret\n"
#define NK_SKIP_RESTS_EIGHT                                                                                \
  NK_SKIP_REST("0", NK_SKIP_FIRST_EIGHT("0", "1", "2", "3"), NK_SKIP_SECOND_EIGHT("0", "1", "2", "3"))     \
  NK_SKIP_REST("1", NK_SKIP_FIRST_EIGHT("4", "5", "6", "7"), NK_SKIP_SECOND_EIGHT("4", "5", "6", "7"))     \
  NK_SKIP_REST("2", NK_SKIP_FIRST_EIGHT("8", "9", "10", "11"), NK_SKIP_SECOND_EIGHT("8", "9", "10", "11")) \
  NK_SKIP_REST("3", NK_SKIP_FIRST_EIGHT("12", "13", "14", "15"), NK_SKIP_SECOND_EIGHT("12", "13", "14", "15"))

__attribute__((naked, noinline)) static void nk_dot_skips8(__attribute__((unused)) const uint32_t *x,
                                                           __attribute__((unused)) const int32_t *w,
                                                           __attribute__((unused)) const uint32_t *end,
                                                           __attribute__((unused)) const int32_t *others,
                                                           __attribute__((unused)) const uint32_t *start,
                                                           __attribute__((unused)) uint32_t *t) {
  __asm__ volatile(
      "addi sp, sp, -48\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"
      "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw a5, "
      "40(sp)\n" NK_SKIP_LOAD_EIGHT NK_SKIP_LOOP_EIGHT "lw a4, 40(sp)\n" NK_SKIP_STORE
      "sw s1, 32(a4)\n sw s2, 36(a4)\n sw s3, 40(a4)\n sw s4, 44(a4)\n sw s5, 48(a4)\n sw s6, 52(a4)\n"
      "sw s7, 56(a4)\n sw s8, 60(a4)\n" NK_SKIP_RESTORE_EIGHT NK_SKIP_RESTS_EIGHT);
}

/* The same for four channels; a3 holds `start`, a4 t. */
__attribute__((naked, noinline)) static void nk_dot_skips4(__attribute__((unused)) const uint32_t *x,
                                                           __attribute__((unused)) const int32_t *w,
                                                           __attribute__((unused)) const uint32_t *end,
                                                           __attribute__((unused)) const uint32_t *start,
                                                           __attribute__((unused)) uint32_t *t) {
  __asm__ volatile(
      "addi sp, sp, -16\n sw s0, 0(sp)\n sw s9, 4(sp)\n sw a4, 8(sp)\n mv a4, a3\n" NK_SKIP_LOAD
      "1:\n" NK_SKIP_INPUT("0", "0", "4", NK_SKIP_BOTH_FOUR("0", "1", "2", "3"))
      NK_SKIP_INPUT("1", "8", "12", NK_SKIP_BOTH_FOUR("4", "5", "6", "7"))
      "addi a0, a0, 16\n addi a1, a1, 8\n bne a0, a2, 1b\n"
      "lw a4, 8(sp)\n" NK_SKIP_STORE "lw s0, 0(sp)\n lw s9, 4(sp)\n addi sp, sp, 16\n ret\n"
      NK_SKIP_REST("0", NK_SKIP_FIRST_FOUR("0", "1", "2", "3"), NK_SKIP_SECOND_FOUR("0", "1", "2", "3"))
      NK_SKIP_REST("1", NK_SKIP_FIRST_FOUR("4", "5", "6", "7"), NK_SKIP_SECOND_FOUR("4", "5", "6", "7")));
}

#define NK_SKIP_FUSED 1

/* Blocks of eight channels for three pixels, and what becomes of their sums: see nk_high_floor. y0 is the
   first pixel's place; it is written last. w: a block's weights, two quads of channels `quad` bytes apart. */
typedef struct nk_skip_outputs {
  const uint32_t *starts;
  const int32_t *scales;
  int8_t *y0;
  int8_t *y1;
  int8_t *y2;
  int32_t shift;
  int32_t top;
  int32_t lowest;
  const uint32_t *columns;
  const uint32_t *end;
  const int32_t *w;
  int32_t quad;
  int32_t blocks;
} nk_skip_outputs;

/* a0 scales, a1-a3 outputs, a4 shift, a5 top, a6 lowest; multiplier, addend and floor of a channel in s9, s10
   and s11. Sums are parted as nk_part_skips parts them, NK_SKIP_UP bits up. */
#define NK_SKIP_VALUE(v, i, y)                                                                  \
  "bgeu " v ", s11, 7f\n sb a6, " i "(" y ")\n j 9f\n7: mulhu " v ", " v ", s9\n add " v ", " v \
  ", s10\n bge a5, " v ", 8f\n mv " v ", a5\n8: sra " v ", " v ", a4\n sb " v ", " i "(" y ")\n9:\n"
#define NK_SKIP_OUTPUTS(first, second, i, m, d, f)                                                         \
  "srli a7, " first ", 21\n slli s9, a7, 11\n sub " second ", " second                                     \
  ", s9\n slli a7, a7, 10\n"                                                                               \
  "srli s9, " second ", 22\n slli s9, s9, 21\n add a7, a7, s9\n slli " first ", " first                    \
  ", 11\n"                                                                                                 \
  "lw s9, " m "(a0)\n lw s10, " d "(a0)\n lw s11, " f "(a0)\n srli " first ", " first ", 1\n slli " second \
  ", " second ", 10\n" NK_SKIP_VALUE("a7", i, "a3") NK_SKIP_VALUE(second, i, "a2")                         \
      NK_SKIP_VALUE(first, i, "a1")

__attribute__((naked, noinline)) static void nk_skips8(__attribute__((unused)) nk_skip_outputs *to) {
  __asm__ volatile(
      "addi sp, sp, -64\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"
      "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n"
      "sw s11, 44(sp)\n sw a0, 48(sp)\n mv a7, a0\n"
      "5: lw a0, 32(a7)\n lw a2, 36(a7)\n lw a1, 40(a7)\n lw a3, 44(a7)\n lw a4, 0(a7)\n add a3, a3, "
      "a1\n" NK_SKIP_LOAD_EIGHT NK_SKIP_LOOP_EIGHT
      "lw a7, 48(sp)\n sw a3, 40(a7)\n lw a0, 4(a7)\n lw a1, 8(a7)\n lw a2, 12(a7)\n lw a3, 16(a7)\n"
      "lw a4, 20(a7)\n lw a5, 24(a7)\n lw a6, 28(a7)\n" NK_SKIP_OUTPUTS("t0", "t1", "0", "0", "4", "8")
          NK_SKIP_OUTPUTS("t2", "t3", "1", "12", "16", "20") NK_SKIP_OUTPUTS("t4", "t5", "2", "24", "28", "32")
              NK_SKIP_OUTPUTS("t6", "s0", "3", "36", "40", "44") NK_SKIP_OUTPUTS("s1", "s2", "4", "48", "52", "56")
                  NK_SKIP_OUTPUTS("s3", "s4", "5", "60", "64", "68")
                      NK_SKIP_OUTPUTS("s5", "s6", "6", "72", "76", "80")
                          NK_SKIP_OUTPUTS("s7", "s8", "7", "84", "88", "92")
      "lw a7, 48(sp)\n addi a0, a0, 96\n sw a0, 4(a7)\n addi a1, a1, 8\n sw a1, 8(a7)\n addi a2, a2, 8\n"
      "sw a2, 12(a7)\n addi a3, a3, 8\n sw a3, 16(a7)\n lw a0, 0(a7)\n lw a1, 48(a7)\n addi a0, a0, 64\n"
      "sw a0, 0(a7)\n addi a1, a1, -1\n sw a1, 48(a7)\n bnez a1, 5b\n"
      "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n lw s5, 20(sp)\n"
      "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, 40(sp)\n lw s11, 44(sp)\n"
      "addi sp, sp, 64\n ret\n" NK_SKIP_RESTS_EIGHT);
}

#else

/* The same in C, `channels` of them. */
static inline void nk_dot_skips_any(const uint32_t *x, const int32_t *w, const uint32_t *end, int32_t depth,
                                    int32_t channels, const uint32_t *start, uint32_t *t) {
  for (int32_t c = 0; c < channels; c++, start += 2, t += 2) {
    const int32_t *words = w + (c >> 2) * depth;
    uint32_t first = start[0], second = start[1];
    for (const uint32_t *p = x; p != end; p += 2, words++) {
      const uint32_t v = (uint32_t)((int32_t)((uint32_t)*words << (24 - 8 * (c & 3))) >> 24);
      first += v * p[0], second += v * p[1];
    }
    t[0] = first, t[1] = second;
  }
}

#endif

/* {A, B} words of up to eight channels, from those in `start`, which has as many as four or eight; n is a
   multiple of 4. */
static inline void nk_dot_skips(const uint32_t *x, const int32_t *w, int32_t n, int32_t depth,
                                int32_t channels, const uint32_t *start, uint32_t t[16]) {
#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)
  if (channels > 4) {
    nk_dot_skips8(x, w, x + 2 * n, w + depth, start, t);
  } else {
    nk_dot_skips4(x, w, x + 2 * n, start, t);
  }
#else
  nk_dot_skips_any(x, w, x + 2 * n, depth, channels, start, t);
#endif
}

#endif
