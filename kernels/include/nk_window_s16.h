/* int16 depthwise convolutions with a window of any size, stride 1 or 2, on cores with the DSP extension.

   As for int8 (nk_window_s8.h): four channels at a time are taken apart into planes whose words hold one
   column of two rows, one upon the other, so that SMLAD multiplies two taps; with stride 2 the even columns
   of a pair row stand together, and the odd ones behind them. Two rows of three outputs are made at once from
   the same words. What lies outside the image is zero in the planes. A channel's block in flash is its bias,
   for every row of the planes and every column the words of taps of the upper and of the lower outputs, and
   SMMULR's multiplier. */
#ifndef NK_WINDOW_S16_H
#define NK_WINDOW_S16_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_halves_s16.h"

/* Two rows of outputs of one channel, three at a time from word x to `end`: y is the upper row, `lower` bytes
   behind it the other, `step` bytes from an output to the next. phase: columns of the window modulo 3;
   threes: loops over them; to_row: bytes from the last word read in a row to the next row's first; to_next:
   from the row behind the window's last to the next outputs' first row. */
typedef struct nk_window_s16 {
  int16_t *y;
  int32_t step;
  int32_t lower;
  int32_t rows;
  int32_t threes;
  int32_t to_row;
  int32_t to_next;
  const int32_t *end;
  int32_t phase;
  const int32_t *block;
  const int32_t *x;
} nk_window_s16;

typedef void nk_window_s16_function(const nk_window_s16 *s);

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* r0 x, r1 block, r4-r6 the upper row's sums, r7-r9 the lower's, r10-r12 words of the plane; `last` is the
 * new one. */
#define NK_WINDOW_S16_STEP(first, second, last)                                       \
  "ldr r2, [r1], #4\n ldr r3, [r1], #4\n ldr " last                                   \
  ", [r0], #16\n"                                                                     \
  "smlad r4, r2, " first ", r4\n smlad r7, r3, " first ", r7\n smlad r5, r2, " second \
  ", r5\n smlad r8, r3, " second ", r8\n smlad r6, r2, " last ", r6\n smlad r9, r3, " last ", r9\n"
#define NK_WINDOW_S16_WORDS(a, b) "ldr " a ", [r0], #16\n ldr " b ", [r0], #16\n"
#define NK_WINDOW_S16_ONCE(r) "smmulr " r ", " r ", r3\n ssat " r ", #16, " r "\n"
#define NK_WINDOW_S16_RELU(r) "smmulr " r ", " r ", r3\n usat " r ", #15, " r "\n"

/* On the stack: sp+0 y, 4 step, 8 lower, 12 rows, 16 threes, 20 to_row, 24 to_next, 28 end, 32 phase, 36
   block, 40 rows that are left. Label 1: three outputs; 2: a row; 3-5: columns. */
#define NK_WINDOW_S16(name, SCALE)                                                                                 \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_window_s16 *s) {              \
    __asm__ volatile(                                                                                            \
        "push {r4-r11, lr}\n sub sp, #4\n ldm r0!, {r1-r10}\n ldr r0, [r0]\n push {r1-r10}\n mov r1, r10\n"      \
        "1: ldr r2, [sp, #12]\n ldr r9, [r1], #4\n str r2, [sp, #40]\n"                                          \
        "mov r4, r9\n mov r5, r9\n mov r6, r9\n mov r7, r9\n mov r8, r9\n"                                       \
        "2: ldr r2, [sp, #32]\n ldr lr, [sp, #16]\n cmp r2, #1\n beq 7f\n bhi 6f\n"                              \
        NK_WINDOW_S16_WORDS("r10", "r11")                                                                        \
        "3:\n" NK_WINDOW_S16_STEP("r10", "r11", "r12")                                                           \
        "4:\n" NK_WINDOW_S16_STEP("r11", "r12", "r10")                                                           \
        "5:\n" NK_WINDOW_S16_STEP("r12", "r10", "r11")                                                           \
        "subs lr, #1\n bne 3b\n"                                                                                 \
        "ldr r2, [sp, #40]\n ldr r3, [sp, #20]\n add r0, r3\n subs r2, #1\n str r2, [sp, #40]\n bne 2b\n"        \
        "ldr r3, [r1]\n ldr r10, [sp]\n ldr r11, [sp, #4]\n ldr r2, [sp, #8]\n"                                  \
        SCALE("r4") SCALE("r5") SCALE("r6") SCALE("r7") SCALE("r8") SCALE("r9")                                  \
        "add r2, r10\n strh r7, [r2]\n strh r8, [r2, r11]\n strh r9, [r2, r11, lsl #1]\n"                        \
        "strh r4, [r10]\n strh r5, [r10, r11]\n strh r6, [r10, r11, lsl #1]\n"                                   \
        "add r10, r11\n add r10, r10, r11, lsl #1\n"                                                             \
        "ldr r4, [sp, #24]\n ldr r5, [sp, #28]\n ldr r1, [sp, #36]\n add r0, r4\n str r10, [sp]\n"               \
        "cmp r0, r5\n bne 1b\n add sp, sp, #44\n pop {r4-r11, pc}\n"                                             \
        "6:\n" NK_WINDOW_S16_WORDS("r11", "r12") "b 4b\n"                                                        \
        "7:\n" NK_WINDOW_S16_WORDS("r12", "r10") "b 5b\n"); \
  }
#define NK_WINDOW_S16_DEFINE_ONCE(name) NK_WINDOW_S16(name, NK_WINDOW_S16_ONCE)
#define NK_WINDOW_S16_DEFINE_RELU(name) NK_WINDOW_S16(name, NK_WINDOW_S16_RELU)

#else /* the same in C */

static inline int32_t nk_window_s16_smlad(int32_t w, int32_t x, int32_t acc) {
  acc = nk_smlad_s16((int16_t)((uint32_t)x & 0xFFFFU), (int16_t)((uint32_t)w & 0xFFFFU), acc);
  return nk_smlad_s16((int16_t)((uint32_t)x >> 16), (int16_t)((uint32_t)w >> 16), acc);
}

static inline void nk_window_s16_rows(const nk_window_s16 *s, int32_t low) {
  const int32_t columns = 3 * s->threes - (3 - s->phase) % 3;
  const int32_t pitch = (s->to_row >> 2) + 4 * (columns + 2);
  const int32_t multiplier = s->block[1 + 2 * s->rows * columns];
  int16_t *y = s->y;
  for (const int32_t *x = s->x; x != s->end; x += 12, y += 3 * (s->step / 2)) {
    for (int32_t i = 5; i >= 0; i--) {
      const int32_t column = i % 3;
      const int32_t *taps = s->block + 1 + i / 3;
      int32_t acc = s->block[0];
      for (int32_t row = 0; row < s->rows; row++) {
        for (int32_t k = 0; k < columns; k++, taps += 2) {
          acc = nk_window_s16_smlad(*taps, x[row * pitch + 4 * (k + column)], acc);
        }
      }
      y[(i > 2 ? s->lower / 2 : 0) + column * (s->step / 2)] = nk_scaled_s16(acc, multiplier, low);
    }
  }
}

#define NK_WINDOW_S16_DEFINE_ONCE(name) \
  static inline void name(const nk_window_s16 *s) { nk_window_s16_rows(s, INT16_MIN); }
#define NK_WINDOW_S16_DEFINE_RELU(name) \
  static inline void name(const nk_window_s16 *s) { nk_window_s16_rows(s, 0); }

#endif

/* Two channels of two rows, one upon the other, as two words of the planes. */
static inline void nk_window_s16_take(int32_t *planes, const int16_t *upper, const int16_t *lower) {
  uint32_t up;
  uint32_t down;
  memcpy(&up, upper, 4);
  memcpy(&down, lower, 4);
  planes[0] = (int32_t)((up & 0xFFFFU) | (down << 16));
  planes[1] = (int32_t)((down & 0xFFFF0000U) | (up >> 16));
}

/* Pair row `p` of four channels into a slot: column `left` + c of the planes is the image's column c. */
static inline void nk_window_s16_fill(int32_t *slot, const int16_t *x, int32_t p,
                                      const nk_window_s16_args *a) {
  static const int16_t zeros[4] = {0, 0, 0, 0};
  const int32_t row = 2 * p - a->pad_h;
  const int32_t line = a->in_w * a->channels;
  for (int32_t half = 0; half < a->stride; half++, slot += 4 * a->columns) {
    const int32_t from = a->stride == 1 ? 0 : (half - a->left) & 1;
    const int32_t there = row >= 0 && row < a->in_h;
    const int32_t below = row >= -1 && row < a->in_h - 1;
    const int16_t *upper = there ? x + row * line + from * a->channels : zeros;
    const int16_t *lower = below ? x + (row + 1) * line + from * a->channels : zeros;
    int32_t *to = slot + 4 * ((from + a->left) / a->stride);
    for (int32_t c = from; c < a->width; c += a->stride, to += 4) {
      nk_window_s16_take(to, upper, lower);
      nk_window_s16_take(to + 2, upper + 2, lower + 2);
      if (there) upper += a->stride * a->channels;
      if (below) lower += a->stride * a->channels;
    }
  }
}

/* Two rows of outputs of one channel; the last three outputs may overlap the ones before. */
static inline void nk_window_s16_two_rows(nk_window_s16_function *function, nk_window_s16 *s, int16_t *y,
                                          const int32_t *plane, const nk_window_s16_args *a) {
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
  int16_t staged[6];
  const int32_t lower = s->lower;
  s->end = plane + 12;
  s->y = staged;
  s->step = 2;
  s->lower = 6;
  function(s);
  s->step = 2 * a->channels;
  s->lower = lower;
  for (int32_t i = 0; i < left; i++) {
    y[lower / 2 + i * a->channels] = staged[3 + i];
    y[i * a->channels] = staged[i];
  }
}

/* Rows of outputs 2 j .. 2 (j + n) of the channels of a group from `lane` on. */
static inline void nk_window_s16_lanes(nk_window_s16_function *function, nk_window_s16 *s, int16_t *y,
                                       const int32_t *blocks, const int32_t *planes, int32_t j, int32_t n,
                                       int32_t lane, const nk_window_s16_args *a) {
  const int32_t line = a->out_w * a->channels;
  const int32_t advance = 4 * a->columns * a->stride * a->stride;
  for (; lane < 4; lane++) {
    s->block = blocks + lane * (2 + 2 * a->rows * a->taps);
    for (int32_t i = 0; i < n; i++) {
      s->lower = 2 * (j + i) + 1 < a->out_h ? 2 * line : 0;
      nk_window_s16_two_rows(function, s, y + 2 * (j + i) * line + lane, planes + i * advance + lane, a);
    }
  }
}

/* A group of four channels: `batch` pairs of rows of outputs at a time; what the next ones share moves to the
 * front. */
static inline void nk_window_s16_group(nk_window_s16_function *function, nk_window_s16 *s, const int16_t *x,
                                       int16_t *y, const int32_t *blocks, int32_t *planes, int32_t lane,
                                       const nk_window_s16_args *a) {
  const int32_t slot = 4 * a->columns * a->stride;
  const int32_t shared = a->rows / a->stride - a->stride;
  int32_t next = 0;
  for (int32_t j = 0; j < a->pairs; j += a->batch) {
    const int32_t n = nk_min(a->batch, a->pairs - j);
    const int32_t first = a->stride * j;
    for (int32_t i = 0; j > 0 && i < shared * slot; i++) planes[i] = planes[i + a->stride * a->batch * slot];
    const int32_t end = first + shared + a->stride * n;
    for (; next < end; next++) nk_window_s16_fill(planes + (next - first) * slot, x, next, a);
    nk_window_s16_lanes(function, s, y, blocks, planes, j, n, lane, a);
  }
}

static inline void nk_window_s16_run(nk_window_s16_function *function, const int16_t *x,
                                     const int32_t *blocks, int16_t *y, int32_t *planes,
                                     const nk_window_s16_args *a) {
  nk_window_s16 s = {.step = 2 * a->channels,
                     .rows = a->rows,
                     .threes = (a->taps + 2) / 3,
                     .phase = a->taps % 3,
                     .to_row = 16 * (a->columns - a->taps - 2),
                     .to_next = 48 - 16 * a->rows * a->columns};
  memset(planes, 0, 16 * (size_t)(a->slots * a->stride * a->columns));
  for (int32_t c = 0; c < a->channels; c += 4) {
    const int32_t first = nk_min(c, a->channels - 4);
    nk_window_s16_group(function, &s, x + first, y + first, blocks + first * (2 + 2 * a->rows * a->taps),
                        planes, c - first, a);
  }
  const int32_t count = a->narrow ? a->out_h * a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int16_t)nk_clamp(y[i], a->low, a->high);
}

#endif
