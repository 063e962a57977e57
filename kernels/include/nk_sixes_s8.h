/* Six pixels by four channels at a time on cores with many registers and MULHU: the pixels lie in four words
   as in nk_skips_s8.h, and each weight that is loaded meets all of them. No input is passed over. */
#ifndef NK_SIXES_S8_H
#define NK_SIXES_S8_H

#include "nk_args.h"
#include "nk_dot_skips_s8.h"
#include "nk_fixed_point.h"
#include "nk_high_steps_s8.h"
#include "nk_skip_parts.h"
#include "nk_skips_s8.h"

#define NK_SIXES_CHANNELS 4

/* Blocks of four channels for six pixels, and what becomes of their sums: see nk_high_floor. y0 to y2 are the
   places of the first three pixels; the others' lie `apart` behind them. columns, to `end`: four words an
   input, a multiple of four of them. w: a block's weights, inputs x 4. */
typedef struct nk_sixes_run {
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
  int32_t blocks;
  int32_t apart;
} nk_sixes_run;

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 columns, a1 weights, a2 where the columns end, a4-a7 the words of an input; sums of the first three
   pixels in t0-t6 and s0, those of the others in s1-s8. Two loads at a time, lest one be waited for. */
#define NK_SIXES_MEET(w, a, b, c, d)                                                                      \
  "mul s10, " w ", a4\n mul s11, " w ", a5\n add " a ", " a ", s10\n add " b ", " b ", s11\n mul s10, " w \
  ", a6\n mul " w ", " w ", a7\n add " c ", " c ", s10\n add " d ", " d ", " w "\n"
#define NK_SIXES_INPUT(p, q, r, s, i, j, k, l)                                                               \
  "lw a4, " p "(a0)\n lw a5, " q "(a0)\n lw a6, " r "(a0)\n lw a7, " s "(a0)\n lb s9, " i "(a1)\n lb a3, " j \
  "(a1)\n" NK_SIXES_MEET("s9", "t0", "t1", "s1", "s2")                                                       \
      NK_SIXES_MEET("a3", "t2", "t3", "s3", "s4") "lb s9, " k "(a1)\n lb a3, " l                             \
                                                  "(a1)\n" NK_SIXES_MEET("s9", "t4", "t5", "s5", "s6")       \
                                                      NK_SIXES_MEET("a3", "t6", "s0", "s7", "s8")

__attribute__((naked, noinline)) static void nk_sixes4(__attribute__((unused)) nk_sixes_run *to) {
  __asm__ volatile(
      "addi sp, sp, -64\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"
      "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n"
      "sw s11, 44(sp)\n sw a0, 48(sp)\n mv a7, a0\n"
      "5: lw a0, 32(a7)\n lw a2, 36(a7)\n lw a1, 40(a7)\n lw a4, 0(a7)\n" NK_SKIP_LOAD
      "mv s1, t0\n mv s2, t1\n mv s3, t2\n mv s4, t3\n mv s5, t4\n mv s6, t5\n mv s7, t6\n mv s8, s0\n"
      "1:\n" NK_SIXES_INPUT("0", "4", "8", "12", "0", "1", "2", "3")
          NK_SIXES_INPUT("16", "20", "24", "28", "4", "5", "6", "7")
              NK_SIXES_INPUT("32", "36", "40", "44", "8", "9", "10", "11")
                  NK_SIXES_INPUT("48", "52", "56", "60", "12", "13", "14", "15")
      "addi a0, a0, 64\n addi a1, a1, 16\n bne a0, a2, 1b\n"
      "lw a7, 48(sp)\n sw a1, 40(a7)\n lw a0, 4(a7)\n lw a1, 8(a7)\n lw a2, 12(a7)\n lw a3, 16(a7)\n"
      "lw a4, 20(a7)\n lw a5, 24(a7)\n lw a6, 28(a7)\n" NK_SKIP_OUTPUTS("t0", "t1", "0", "0", "4", "8")
          NK_SKIP_OUTPUTS("t2", "t3", "1", "12", "16", "20") NK_SKIP_OUTPUTS("t4", "t5", "2", "24", "28", "32")
              NK_SKIP_OUTPUTS("t6", "s0", "3", "36", "40", "44")
      "lw a7, 48(sp)\n lw a7, 48(a7)\n add a1, a1, a7\n add a2, a2, a7\n add a3, a3, a7\n"
      NK_SKIP_OUTPUTS("s1", "s2", "0", "0", "4", "8") NK_SKIP_OUTPUTS("s3", "s4", "1", "12", "16", "20")
          NK_SKIP_OUTPUTS("s5", "s6", "2", "24", "28", "32") NK_SKIP_OUTPUTS("s7", "s8", "3", "36", "40", "44")
      "lw a7, 48(sp)\n addi a0, a0, 48\n sw a0, 4(a7)\n lw a1, 8(a7)\n lw a2, 12(a7)\n lw a3, 16(a7)\n"
      "addi a1, a1, 4\n addi a2, a2, 4\n addi a3, a3, 4\n sw a1, 8(a7)\n sw a2, 12(a7)\n sw a3, 16(a7)\n"
      "lw a0, 0(a7)\n lw a1, 44(a7)\n addi a0, a0, 32\n sw a0, 0(a7)\n addi a1, a1, -1\n sw a1, 44(a7)\n"
      "bnez a1, 5b\n"
      "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n lw s5, 20(sp)\n"
      "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, 40(sp)\n lw s11, 44(sp)\n"
      "addi sp, sp, 64\n ret\n");
}

#else

/* The stored values of one channel, of four, at three pixels, whose words are `part` words into a column. */
static inline void nk_sixes_channel(const nk_sixes_run *to, int32_t c, int32_t part, int8_t *const y[3]) {
  uint32_t first = to->starts[2 * c], second = to->starts[2 * c + 1];
  const int32_t *w = to->w;
  for (const uint32_t *x = to->columns + part; x < to->end; x += 4, w++) {
    const uint32_t v = (uint32_t)((int32_t)((uint32_t)*w << (24 - 8 * c)) >> 24);
    first += v * x[0], second += v * x[1];
  }
  uint32_t v[3];
  nk_part_skips(first, second, v);
  for (int32_t p = 2; p >= 0; p--) {
    y[p][c] = (int8_t)nk_high_floor(v[p] << NK_SKIP_UP, to->scales + 3 * c, to->shift, to->top, to->lowest);
  }
}

static inline void nk_sixes4(nk_sixes_run *to) {
  for (; to->blocks > 0; to->blocks--) {
    int8_t *const y[3] = {to->y0, to->y1, to->y2};
    int8_t *const behind[3] = {to->y0 + to->apart, to->y1 + to->apart, to->y2 + to->apart};
    for (int32_t c = 0; c < NK_SIXES_CHANNELS; c++) nk_sixes_channel(to, c, 0, y);
    for (int32_t c = 0; c < NK_SIXES_CHANNELS; c++) nk_sixes_channel(to, c, 2, behind);
    to->w += (to->end - to->columns) / 4;
    to->starts += 2 * NK_SIXES_CHANNELS, to->scales += 3 * NK_SIXES_CHANNELS;
    to->y0 += NK_SIXES_CHANNELS, to->y1 += NK_SIXES_CHANNELS, to->y2 += NK_SIXES_CHANNELS;
  }
}

#endif

/* n columns of four words from the inputs of six pixels. */
static inline void nk_pack_sixes(const int8_t *x, int32_t n, nk_skip_zero zero, uint32_t *to) {
  const int8_t *a = x, *b = a + n, *c = b + n, *d = c + n, *e = d + n, *f = e + n;
  for (int32_t i = 0; i < n; i++, to += 4) {
    nk_pack_column(a[i], b[i], c[i], zero, to);
    nk_pack_column(d[i], e[i], f[i], zero, to + 2);
  }
}

#endif
