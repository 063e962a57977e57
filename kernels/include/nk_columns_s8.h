/* Lines of a depthwise convolution with windows of 3 x 3, one channel: the nine weights stay in registers
   while the window walks along a line. Each input is loaded once a line and meets three weights, for three
   outputs. */
#ifndef NK_COLUMNS_S8_H
#define NK_COLUMNS_S8_H

#include <stdint.h>

#include "nk_fixed_point.h"

/* `lines` lines of outputs; x stands at the first input of the window's upper line, the others lie
   `to_middle` and `to_lower` behind it. A line has `length` / y_walk outputs whose windows end inside the
   image, and one more where `partial` is not 0. extra: what lines outside the image add; first: that, and
   what taps before the line add, read where `before` is not 0; last: what taps behind the line add. All come
   shifted up, and so do the weights: the sums need not be. w: taps of the upper, the middle,
   the lower line. x_skip and y_skip lead from behind a line's last column and output to the next line.
   multiplier, floor, top, shift, lowest: see nk_bare_value. */
typedef struct nk_columns_run {
  const int8_t *x;
  int8_t *y;
  int32_t lines;
  int32_t to_middle;
  int32_t to_lower;
  int32_t extra;
  int32_t first;
  int32_t last;
  int32_t length;
  int32_t multiplier;
  int32_t floor;
  int32_t top;
  int32_t shift;
  int32_t lowest;
  int32_t x_walk;
  int32_t y_walk;
  int32_t x_skip;
  int32_t y_skip;
  int32_t before;
  int32_t partial;
  int32_t w[9];
} nk_columns_run;

/* Columns that a line takes: those before the first output, and one or two an output. */
static inline int32_t nk_columns_taken(int32_t whole, int32_t before, int32_t partial, int32_t stride) {
  return (before != 0 ? 0 : 1) + (stride == 1 ? 1 + whole : 2 * whole + partial);
}

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0-a2 inputs, a3 outputs, a4 where they end; t0-t6, s0, s1 weights; s2 and s3 sums of the outputs whose
   windows start and lie at the column before, s4 the one that ends here; s5 multiplier, s6 lowest value, s7
   top, s8 shift, s9 floor, s10 and s11 steps, ra extra; 52(sp) the struct. */
#define NK_COLUMN_TAKE \
  "lb a5, 0(a0)\n lb a6, 0(a1)\n lb a7, 0(a2)\n add a0, a0, s10\n add a1, a1, s10\n add a2, a2, s10\n"
/* sum = from + column times the weights u, v, w; the last leaves a5 to be used. */
#define NK_COLUMN_MEET(sum, from, u, v, w)                                                \
  "mul s4, " u ", a5\n add " sum ", " from ", s4\n mul s4, " v ", a6\n add " sum ", " sum \
  ", s4\n mul s4, " w ", a7\n add " sum ", " sum ", s4\n"
/* The output that ends; `low` is where the lowest value is stored, `over` where the top is, `back` behind it.
 */
#define NK_COLUMN_EMIT(low, over, back)                                   \
  "blt s4, s9, " low "\n mulhsu s4, s4, s5\n blt s7, s4, " over "\n" back \
  ": sra s4, s4, s8\n"                                                    \
  "sb s4, 0(a3)\n add a3, a3, s11\n"
/* The outputs that end, lie and start at a column. */
#define NK_COLUMN_ALL                                                                                     \
  "mul s4, t2, a5\n add s4, s3, s4\n mul s3, t1, a5\n add s3, s2, s3\n mul s2, t0, a5\n add s2, s2, ra\n" \
  "mul a5, t5, a6\n add s4, s4, a5\n mul a5, t4, a6\n add s3, s3, a5\n mul a5, t3, a6\n add s2, s2, a5\n" \
  "mul a5, s1, a7\n add s4, s4, a5\n mul a5, s0, a7\n add s3, s3, a5\n mul a5, t6, a7\n add s2, s2, a5\n"
/* The two that end and start. */
#define NK_COLUMN_ENDS                                                                                    \
  "mul s2, t2, a5\n add s4, s4, s2\n mul s2, t5, a6\n add s4, s4, s2\n mul s2, s1, a7\n add s4, s4, s2\n" \
  "mul s2, t0, a5\n mul a6, t3, a6\n add s2, s2, ra\n mul a7, t6, a7\n add s2, s2, a6\n add s2, s2, a7\n"
#define NK_COLUMNS_FUNCTION(name, start, step, finish)                                           \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) nk_columns_run *s) { \
    __asm__ volatile( \
        "addi sp, sp, -64\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n" \
        "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n" \
        "sw s11, 44(sp)\n sw ra, 48(sp)\n sw a0, 52(sp)\n mv a5, a0\n" \
        "lw t0, 80(a5)\n lw t1, 84(a5)\n lw t2, 88(a5)\n lw t3, 92(a5)\n lw t4, 96(a5)\n lw t5, 100(a5)\n" \
        "lw t6, 104(a5)\n lw s0, 108(a5)\n lw s1, 112(a5)\n lw s5, 36(a5)\n lw s6, 52(a5)\n lw s7, 44(a5)\n" \
        "lw s8, 48(a5)\n lw s9, 40(a5)\n lw s10, 56(a5)\n lw s11, 60(a5)\n lw ra, 20(a5)\n" \
        "lw a0, 0(a5)\n lw a1, 12(a5)\n lw a2, 16(a5)\n lw a3, 4(a5)\n lw a4, 32(a5)\n add a1, a1, a0\n" \
        "add a2, a2, a0\n add a4, a4, a3\n" \
        "1: lw a6, 72(a5)\n lw s2, 24(a5)\n bnez a6, 2f\n" NK_COLUMN_TAKE NK_COLUMN_MEET( \
            "s2", "ra", "t0", "t3", \
            "t6") "2:\n" start "beq a3, a4, 4f\n3:\n" NK_COLUMN_TAKE step NK_COLUMN_EMIT("8f", "9f", "7") \
                  "bne a3, a4, 3b\n j 4f\n9: mv s4, s7\n j 7b\n" \
                  "8: sb s6, 0(a3)\n add a3, a3, s11\n bne a3, a4, 3b\n" \
                  "4: lw a5, 52(sp)\n lw a5, 76(a5)\n beqz a5, 5f\n" finish \
                  "lw a5, 52(sp)\n lw a5, 28(a5)\n add s4, s4, a5\n" NK_COLUMN_EMIT("8f", "9f", "7") \
                  "j 5f\n9: mv s4, s7\n j 7b\n8: sb s6, 0(a3)\n add a3, a3, s11\n" \
"5: lw a5, 52(sp)\n lw a6, 8(a5)\n addi a6, a6, -1\n sw a6, 8(a5)\n beqz a6, 6f\n" \
                  "lw a6, 64(a5)\n lw a7, 68(a5)\n lw a4, 32(a5)\n add a0, a0, a6\n add a1, a1, a6\n add " \
                  "a2, a2, a6\n" \
                  "add a3, a3, a7\n add a4, a4, a3\n j 1b\n" \
                  "6: sw a3, 4(a5)\n lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, " \
                  "16(sp)\n" \
                  "lw s5, 20(sp)\n lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, " \
                  "40(sp)\n" \
                  "lw s11, 44(sp)\n lw ra, 48(sp)\n addi sp, sp, 64\n ret\n");                                                                          \
  }
NK_COLUMNS_FUNCTION(nk_columns_by_one,
                    NK_COLUMN_TAKE NK_COLUMN_MEET("s3", "s2", "t1", "t4", "s0")
                        NK_COLUMN_MEET("s2", "ra", "t0", "t3", "t6"),
                    NK_COLUMN_ALL, "mv s4, s3\n")
NK_COLUMNS_FUNCTION(nk_columns_by_two, "",
                    NK_COLUMN_MEET("s3", "s2", "t1", "t4", "s0") "mv s4, s3\n" NK_COLUMN_TAKE NK_COLUMN_ENDS,
                    NK_COLUMN_TAKE NK_COLUMN_MEET("s3", "s2", "t1", "t4", "s0") "mv s4, s3\n")

#else

/* The stored value of a place: the lowest one below `floor`, else by the upper half of one product. */
static inline int8_t nk_bare_value(int32_t place, const nk_columns_run *s) {
  if (place < s->floor) return (int8_t)s->lowest;
  const int32_t v = (int32_t)(((int64_t)place * (int64_t)(uint64_t)(uint32_t)s->multiplier) >> 32);
  return (int8_t)(nk_min(v, s->top) >> s->shift);
}

/* from + the column at x times the weights w[0], w[3], w[6]; words, since sums on their way may leave them.
 */
static inline uint32_t nk_column_meet(uint32_t from, const int32_t *w, const int8_t *x,
                                      const nk_columns_run *s) {
  return from + (uint32_t)w[0] * (uint32_t)x[0] + (uint32_t)w[3] * (uint32_t)x[s->to_middle] +
         (uint32_t)w[6] * (uint32_t)x[s->to_lower];
}

/* Every output by itself. */
static inline void nk_columns_lines(nk_columns_run *s, int32_t stride) {
  const int32_t whole = s->length / s->y_walk, count = whole + (s->partial != 0 ? 1 : 0);
  const int32_t taken = nk_columns_taken(whole, s->before, s->partial, stride);
  const int8_t *line = s->x;
  for (; s->lines > 0; s->lines--, line += taken * s->x_walk + s->x_skip) {
    for (int32_t i = 0; i < count; i++, s->y += s->y_walk) {
      const int8_t *x = line + (i * stride - (s->before != 0 ? 1 : 0)) * s->x_walk;
      const int32_t outside = i == 0 && s->before != 0;
      uint32_t sum = outside ? (uint32_t)s->first : nk_column_meet((uint32_t)s->extra, s->w, x, s);
      sum = nk_column_meet(sum, s->w + 1, x + s->x_walk, s);
      sum = i == whole ? sum + (uint32_t)s->last : nk_column_meet(sum, s->w + 2, x + 2 * s->x_walk, s);
      *s->y = nk_bare_value((int32_t)sum, s);
    }
    s->y += s->y_skip;
  }
}

static inline void nk_columns_by_one(nk_columns_run *s) { nk_columns_lines(s, 1); }

static inline void nk_columns_by_two(nk_columns_run *s) { nk_columns_lines(s, 2); }

#endif

#endif
