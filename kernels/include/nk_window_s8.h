/* int8 depthwise convolutions with a window of any size, stride 1 or 2, on cores with the DSP extension.

   The planes are those of nk_planes_s8.h; with stride 2 the even columns of a pair row stand together, and
   the odd ones behind them, as a row of their own. Two rows of outputs are made at once from the same words:
   a word's halves meet two taps of the upper row's window and two of the lower's, which lies a stride below.
   A channel's block in flash is its bias, for every row of the planes that a window covers and every column
   the two words of taps, and two constants of its requantisation. Two rows of three outputs share each pair
   of words of taps. */
#ifndef NK_WINDOW_S8_H
#define NK_WINDOW_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_planes_s8.h"

/* Two rows of outputs of one channel, three at a time from word x to `end`: y is the upper row, `lower` bytes
   behind it the other. phase: columns of the window modulo 3; threes: loops over them; to_row: bytes from the
   last word read in a row to the next row's first; to_next: from the row behind the window's last to the next
   outputs' first row. */
typedef struct nk_window {
  int8_t *y;
  int32_t step;
  int32_t lower;
  int32_t rows;
  int32_t threes;
  int32_t to_row;
  int32_t to_next;
  const int32_t *end;
  int32_t zero;
  int32_t phase;
  const int32_t *block;
  const int32_t *x;
} nk_window;

typedef void nk_window_function(const nk_window *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

#define NK_WINDOW_ONCE NK_PLANES_ONCE
#define NK_WINDOW_TWICE NK_PLANES_TWICE
#define NK_WINDOW_ONCE_LOAD ""
#define NK_WINDOW_TWICE_LOAD "ldr lr, [sp, #32]\n"

/* r0 x, r1 block, r4-r6 the upper row's sums, r7-r9 the lower's, r10-r12 words of the plane; `last` is the
 * new one. */
#define NK_WINDOW_STEP(first, second, last)                                          \
  "ldr.w r3, [r1, #4]\n ldr " last                                                   \
  ", [r0], #16\n ldr r2, [r1], #8\n"                                                 \
  "smlad r7, r3, " first ", r7\n smlad r8, r3, " second ", r8\n smlad r9, r3, " last \
  ", r9\n smlad r4, r2, " first ", r4\n smlad r5, r2, " second ", r5\n smlad r6, r2, " last ", r6\n"
#define NK_WINDOW_TWO_WORDS(a, b) "ldr " a ", [r0], #16\n ldr " b ", [r0], #16\n"

/* The struct is copied to the stack: sp+0 y, 4 step, 8 lower, 12 rows, 16 threes, 20 to_row, 24 to_next, 28
   end, 32 zero, 36 phase, 40 block, 44 rows that are left. Label 1: three outputs; 2: a row; 3-5: columns. */
#define NK_WINDOW(name, SCALE)                                                                              \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_window *s) {           \
    __asm__ volatile(                                                                                     \
        "push {r4-r11, lr}\n sub sp, #4\n ldm r0!, {r1-r10}\n ldr r11, [r0], #4\n push {r1-r11}\n"         \
        "mov r1, r11\n ldr r0, [r0]\n"                                                                    \
        "1: ldr r2, [sp, #12]\n ldr r9, [r1], #4\n str r2, [sp, #44]\n"                                   \
        "mov r4, r9\n mov r5, r9\n mov r6, r9\n mov r7, r9\n mov r8, r9\n"                                \
        "2: ldr r2, [sp, #36]\n ldr lr, [sp, #16]\n cmp r2, #1\n beq 7f\n bhi 6f\n"                        \
        NK_WINDOW_TWO_WORDS("r10", "r11")                                                                 \
        "3:\n" NK_WINDOW_STEP("r10", "r11", "r12")                                                        \
        "4:\n" NK_WINDOW_STEP("r11", "r12", "r10")                                                        \
        "5:\n" NK_WINDOW_STEP("r12", "r10", "r11")                                                        \
        "subs lr, #1\n bne 3b\n"                                                                          \
        "ldr r2, [sp, #44]\n ldr r3, [sp, #20]\n add r0, r3\n subs r2, #1\n str r2, [sp, #44]\n bne 2b\n" \
        "ldr r3, [r1]\n ldr r12, [r1, #4]\n ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r2, [sp, #8]\n"       \
        SCALE##_LOAD                                                                                      \
        SCALE("r4") SCALE("r5") SCALE("r6") SCALE("r7") SCALE("r8") SCALE("r9")                           \
        "add r2, r10\n strb r7, [r2]\n strb r8, [r2, r11]\n strb r9, [r2, r11, lsl #1]\n"                 \
        "strb r4, [r10]\n strb r5, [r10, r11]\n strb r6, [r10, r11, lsl #1]\n"                            \
        "add r10, r11\n add r10, r10, r11, lsl #1\n"                                                      \
        "ldr r4, [sp, #24]\n ldr r5, [sp, #28]\n ldr r1, [sp, #40]\n add r0, r4\n str r10, [sp]\n"        \
        "cmp r0, r5\n bne 1b\n add sp, sp, #48\n pop {r4-r11, pc}\n"                                      \
        "6:\n" NK_WINDOW_TWO_WORDS("r11", "r12") "b 4b\n"                                                 \
        "7:\n" NK_WINDOW_TWO_WORDS("r12", "r10") "b 5b\n"); \
  }

#else /* the same in C */

static inline void nk_window_rows(const nk_window *s, nk_planes_scale *scale) {
  const int32_t columns = 3 * s->threes - (3 - s->phase) % 3;
  const int32_t pitch = (s->to_row >> 2) + 4 * (columns + 2);
  nk_planes form = {.block = s->block + 1 + 2 * s->rows * columns - 7, .zero = s->zero};
  int8_t *y = s->y;
  for (const int32_t *x = s->x; x != s->end; x += 12, y += 3 * s->step) {
    for (int32_t i = 5; i >= 0; i--) {
      const int32_t column = i % 3;
      const int32_t *taps = s->block + 1 + i / 3;
      int32_t acc = s->block[0];
      for (int32_t row = 0; row < s->rows; row++) {
        for (int32_t k = 0; k < columns; k++, taps += 2) {
          acc = nk_planes_smlad(*taps, x[row * pitch + 4 * (k + column)], acc);
        }
      }
      y[(i > 2 ? s->lower : 0) + column * s->step] = scale(acc, &form);
    }
  }
}

#define NK_WINDOW_ONCE nk_planes_once
#define NK_WINDOW_TWICE nk_planes_twice
#define NK_WINDOW(name, SCALE) \
  static inline void name(const nk_window *s) { nk_window_rows(s, SCALE); }

#endif

/* Zero points everywhere: what lies left and right of the image stays so. */
static inline void nk_window_pad(int32_t *planes, const nk_window_args *a) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)a->x_zero * 0x10001U);
  for (int32_t i = a->slots * a->stride * a->columns * 4; i > 0; i--) *planes++ = pair;
}

/* Pair row `p` of four channels into a slot: column `left` + c of the planes is the image's column c. */
static inline void nk_window_fill(int32_t *slot, const int8_t *x, int32_t p, const nk_window_args *a) {
  const uint32_t outside = (uint32_t)(uint8_t)a->x_zero * 0x1010101U;
  const int8_t *const zeros = (const int8_t *)&outside;
  const int32_t row = 2 * p - a->pad_h;
  const int32_t line = a->in_w * a->channels;
  const int32_t step = a->stride * a->channels;
  for (int32_t half = 0; half < a->stride; half++, slot += 4 * a->columns) {
    const int32_t from = a->stride == 1 ? 0 : (half - a->left) & 1;
    const int32_t n = (a->width - from + a->stride - 1) / a->stride;
    int32_t *const to = slot + 4 * ((from + a->left) / a->stride);
    const int8_t *const upper = x + row * line + from * a->channels;
    if (row >= 0 && row < a->in_h - 1) {
      nk_planes_inside(to, upper, line, step, n, 1, 0);
    } else if (row == -1) {
      nk_planes_take(to, zeros, 0, upper + line, step, n);
    } else if (row == a->in_h - 1) {
      nk_planes_take(to, upper, step, zeros, 0, n);
    } else {
      nk_planes_take(to, zeros, 0, zeros, 0, n);
    }
  }
}

/* Two rows of outputs of one channel; the last three outputs may overlap the ones before. */
static inline void nk_window_two_rows(nk_window_function *function, nk_window *s, int8_t *y,
                                      const int32_t *plane, const nk_window_args *a) {
  const int32_t whole = a->out_w / 3;
  const int32_t left = a->out_w - 3 * whole;
  s->x = plane;
  s->end = plane + 12 * whole;
  s->y = y;
  if (whole > 0) function(s);
  if (left == 0) return;
  if (whole > 0) {
    s->x = plane + 4 * (a->out_w - 3);
    s->end = s->x + 12;
    s->y = y + (a->out_w - 3) * a->channels;
    function(s);
    return;
  }
  int8_t staged[6];
  const int32_t lower = s->lower;
  s->end = plane + 12;
  s->y = staged;
  s->step = 1;
  s->lower = 3;
  function(s);
  s->step = a->channels;
  s->lower = lower;
  for (int32_t i = 0; i < left; i++) {
    y[lower + i * a->channels] = staged[3 + i];
    y[i * a->channels] = staged[i];
  }
}

/* Rows of outputs 2 j .. 2 (j + n) of the channels of a group from `lane` on. */
static inline void nk_window_lanes(nk_window_function *function, nk_window *s, int8_t *y,
                                   const int32_t *blocks, const int32_t *planes, int32_t j, int32_t n,
                                   int32_t lane, const nk_window_args *a) {
  const int32_t line = a->out_w * a->channels;
  const int32_t advance = 4 * a->columns * a->stride * a->stride;
  for (; lane < 4; lane++) {
    s->block = blocks + lane * (3 + 2 * a->rows * a->taps);
    for (int32_t i = 0; i < n; i++) {
      s->lower = 2 * (j + i) + 1 < a->out_h ? line : 0;
      nk_window_two_rows(function, s, y + 2 * (j + i) * line + lane, planes + i * advance + lane, a);
    }
  }
}

/* A group of four channels: `batch` pairs of rows of outputs at a time; what the next ones share moves to the
 * front. */
static inline void nk_window_group(nk_window_function *function, nk_window *s, const int8_t *x, int8_t *y,
                                   const int32_t *blocks, int32_t *planes, int32_t lane,
                                   const nk_window_args *a) {
  const int32_t slot = 4 * a->columns * a->stride;
  const int32_t shared = a->rows / a->stride - a->stride;
  int32_t next = 0;
  for (int32_t j = 0; j < a->pairs; j += a->batch) {
    const int32_t n = nk_min(a->batch, a->pairs - j);
    const int32_t first = a->stride * j;
    for (int32_t i = 0; j > 0 && i < shared * slot; i++) planes[i] = planes[i + a->stride * a->batch * slot];
    const int32_t end = first + shared + a->stride * n;
    for (; next < end; next++) nk_window_fill(planes + (next - first) * slot, x, next, a);
    nk_window_lanes(function, s, y, blocks, planes, j, n, lane, a);
  }
}

static inline void nk_window_run(nk_window_function *function, const int8_t *x, const int32_t *blocks,
                                 int8_t *y, int32_t *planes, const nk_window_args *a) {
  nk_window s;
  s.step = a->channels;
  s.rows = a->rows;
  s.threes = (a->taps + 2) / 3;
  s.phase = a->taps % 3;
  s.to_row = 16 * (a->columns - a->taps - 2);
  s.to_next = 48 - 16 * a->rows * a->columns;
  s.zero = a->y_zero;
  nk_window_pad(planes, a);
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_window_group(function, &s, x + first, y + first, blocks + first * (3 + 2 * a->rows * a->taps), planes,
                    c - first, a);
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}

#endif
