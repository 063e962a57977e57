/* Convolution of three pixels at a time, a third of a row apart, for cores with many registers and MULHU: the
   rows of inputs under a row of windows are packed once, as in nk_skips_s8.h, and neighbouring windows read
   the same words. For inputs that are seldom zero: none is passed over. */
#ifndef NK_THIRDS_S8_H
#define NK_THIRDS_S8_H

#include "nk_args.h"
#include "nk_dot_skips_s8.h"
#include "nk_fixed_point.h"
#include "nk_high_steps_s8.h"
#include "nk_skip_parts.h"
#include "nk_skips_s8.h"

/* The most rows of a window. */
#define NK_THIRDS_ROWS 8

/* Blocks of eight channels for three pixels, and what becomes of their sums: see nk_high_floor. y0 is the
   first pixel's place; it is written last. lines: of each row of the window its packed inputs, those of the
   pixels from `offset` bytes on, `run` bytes (a multiple of 24). w: a block's weights, inputs x 8. */
typedef struct nk_thirds_run {
  const uint32_t *starts;
  const int32_t *scales;
  int8_t *y0;
  int8_t *y1;
  int8_t *y2;
  int32_t shift;
  int32_t top;
  int32_t lowest;
  const uint32_t *const *lines;
  int32_t offset;
  int32_t run;
  const int8_t *w;
  int32_t rows;
  int32_t blocks;
} nk_thirds_run;

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* a0 inputs, a1 weights, a2 where a line's inputs end, a3 lines, ra where they end, s10 offset, s11 run; the
   others as in nk_skips8. */
#define NK_THIRDS_INPUT(x, y, a, b, c, d, e, f, g, h)                                                   \
  "lw a4, " x "(a0)\n lw a5, " y "(a0)\n" NK_SKIP_BOTH("a1", a, b, "t0", "t1", "t2", "t3")              \
      NK_SKIP_BOTH("a1", c, d, "t4", "t5", "t6", "s0") NK_SKIP_BOTH("a1", e, f, "s1", "s2", "s3", "s4") \
          NK_SKIP_BOTH("a1", g, h, "s5", "s6", "s7", "s8")

__attribute__((naked, noinline)) static void nk_thirds8(__attribute__((unused)) nk_thirds_run *to) {
  __asm__ volatile(
      "addi sp, sp, -64\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"
      "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw s10, 40(sp)\n"
      "sw s11, 44(sp)\n sw ra, 48(sp)\n sw a0, 52(sp)\n mv a7, a0\n"
      "5: lw a3, 32(a7)\n lw s10, 36(a7)\n lw s11, 40(a7)\n lw a1, 44(a7)\n lw ra, 48(a7)\n lw a4, 0(a7)\n"
      "slli ra, ra, 2\n add ra, ra, a3\n" NK_SKIP_LOAD_EIGHT
      "6: lw a0, 0(a3)\n addi a3, a3, 4\n add a0, a0, s10\n add a2, a0, s11\n"
      "1:\n" NK_THIRDS_INPUT("0", "4", "0", "1", "2", "3", "4", "5", "6", "7")
          NK_THIRDS_INPUT("8", "12", "8", "9", "10", "11", "12", "13", "14", "15")
              NK_THIRDS_INPUT("16", "20", "16", "17", "18", "19", "20", "21", "22", "23")
      "addi a0, a0, 24\n addi a1, a1, 24\n bne a0, a2, 1b\n bne a3, ra, 6b\n"
      "lw a7, 52(sp)\n sw a1, 44(a7)\n lw a0, 4(a7)\n lw a1, 8(a7)\n lw a2, 12(a7)\n lw a3, 16(a7)\n"
      "lw a4, 20(a7)\n lw a5, 24(a7)\n lw a6, 28(a7)\n" NK_SKIP_OUTPUTS("t0", "t1", "0", "0", "4", "8")
          NK_SKIP_OUTPUTS("t2", "t3", "1", "12", "16", "20") NK_SKIP_OUTPUTS("t4", "t5", "2", "24", "28", "32")
              NK_SKIP_OUTPUTS("t6", "s0", "3", "36", "40", "44") NK_SKIP_OUTPUTS("s1", "s2", "4", "48", "52", "56")
                  NK_SKIP_OUTPUTS("s3", "s4", "5", "60", "64", "68")
                      NK_SKIP_OUTPUTS("s5", "s6", "6", "72", "76", "80")
                          NK_SKIP_OUTPUTS("s7", "s8", "7", "84", "88", "92")
      "lw a7, 52(sp)\n addi a0, a0, 96\n sw a0, 4(a7)\n addi a1, a1, 8\n sw a1, 8(a7)\n addi a2, a2, 8\n"
      "sw a2, 12(a7)\n addi a3, a3, 8\n sw a3, 16(a7)\n lw a0, 0(a7)\n lw a1, 52(a7)\n addi a0, a0, 64\n"
      "sw a0, 0(a7)\n addi a1, a1, -1\n sw a1, 52(a7)\n bnez a1, 5b\n"
      "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n lw s5, 20(sp)\n"
      "lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n lw s10, 40(sp)\n lw s11, 44(sp)\n"
      "lw ra, 48(sp)\n addi sp, sp, 64\n ret\n");
}

#else

static inline void nk_thirds_channel(const nk_thirds_run *to, int32_t c, uint32_t v[3]) {
  const int8_t *w = to->w + c;
  uint32_t first = to->starts[2 * c], second = to->starts[2 * c + 1];
  for (int32_t i = 0; i < to->rows; i++) {
    const uint32_t *x = to->lines[i] + to->offset / 4;
    for (const uint32_t *const end = x + to->run / 4; x != end; x += 2, w += NK_SKIP_CHANNELS) {
      first += (uint32_t)*w * x[0], second += (uint32_t)*w * x[1];
    }
  }
  nk_part_skips(first, second, v);
}

static inline void nk_thirds8(nk_thirds_run *to) {
  const int32_t depth = to->rows * to->run / 8;
  for (; to->blocks > 0; to->blocks--) {
    for (int32_t c = 0; c < NK_SKIP_CHANNELS; c++, to->scales += 3) {
      int8_t *const y[3] = {to->y0++, to->y1++, to->y2++};
      uint32_t v[3];
      nk_thirds_channel(to, c, v);
      for (int32_t p = 2; p >= 0; p--) {
        *y[p] = (int8_t)nk_high_floor(v[p] << NK_SKIP_UP, to->scales, to->shift, to->top, to->lowest);
      }
    }
    to->w += NK_SKIP_CHANNELS * depth, to->starts += 2 * NK_SKIP_CHANNELS;
  }
}

#endif

/* The column at place p of a line, of which some pixels' inputs may be outside the image. */
static inline void nk_thirds_border(const int8_t *x, int32_t p, uint32_t *to, const nk_thirds_args *a) {
  const int8_t outside = (int8_t)a->x_zero;
  const int8_t *from[3];
  int32_t step[3];
  for (int32_t i = 0; i < 3; i++) {
    const int32_t column = p - a->pad_w + i * a->third * a->stride_w;
    step[i] = (uint32_t)column < (uint32_t)a->in_w;
    from[i] = step[i] ? x + column * a->in_c : &outside;
  }
  nk_pack_border(from, step, a->in_c, nk_skip_zero_of(a->x_zero), to);
}

/* A line of a->span columns from the row of inputs at x. */
static inline void nk_thirds_line(const int8_t *x, uint32_t *to, const nk_thirds_args *a) {
  const int32_t apart = a->third * a->stride_w;
  const int32_t first = nk_min(a->pad_w, a->span);
  const int32_t last = nk_max(first, nk_min(a->span, a->in_w + a->pad_w - 2 * apart));
  int32_t p = 0;
  for (; p < first; p++, to += 2 * a->in_c) nk_thirds_border(x, p, to, a);
  const int8_t *const from = x + (first - a->pad_w) * a->in_c;
  nk_pack_skips(from, from + apart * a->in_c, from + 2 * apart * a->in_c, (last - first) * a->in_c,
                nk_skip_zero_of(a->x_zero), to);
  to += 2 * (last - first) * a->in_c;
  for (p = last; p < a->span; p++, to += 2 * a->in_c) nk_thirds_border(x, p, to, a);
}

#endif
