/* int8 depthwise convolutions with a 3x3 window that make one row of outputs, on cores with the DSP
   extension.

   Four channels at a time are taken apart into a plane of halfwords (nk_halves_s8.h). It goes by two columns,
   three words a channel: the first column's upper two rows (low and high half), the third row of both
   columns, the second column's upper two rows. So nine taps are five multiplications: three SMLAD for the
   upper rows, and for the third row one SMLAD and a half one. Padding is there, as zero points.

   A channel's words are then gone through once, and two outputs (stride 2: one) are finished by every two
   columns. Its block in flash holds the taps of the upper rows column by column, (w20, w21) and (w21, w22) of
   the third row, two constants of its requantisation (nk_planes_s8.h has both forms) and its bias. */
#ifndef NK_DEPTHWISE_ROW_S8_H
#define NK_DEPTHWISE_ROW_S8_H

#include <stdint.h>
#include <string.h>

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_halves_s8.h"
#include "nk_scale_s8.h"

#define NK_DEPTHWISE_ROW_BLOCK 8
#define NK_DEPTHWISE_ROW_PAIR 12 /* words of two columns of four channels */

typedef struct nk_depthwise_row nk_depthwise_row;
typedef void nk_depthwise_row_function(const nk_depthwise_row *s);

/* `groups` times four channels. The order of the members is that of the stack frame of the assembly. */
struct nk_depthwise_row {
  int32_t bias;       /* of the channel at work */
  int32_t step;       /* bytes from an output to the next */
  const int32_t *end; /* the words that the loop goes up to */
  int32_t zero;       /* the output's zero point */
  int32_t back;       /* bytes from the words where a channel's loop ends to the next channel's first */
  int32_t y_back;     /* bytes from its outputs to the next channel's first */
  const int32_t *block;
  nk_depthwise_row_function *take;
  int32_t even;    /* two outputs are left after the loop, else one */
  int32_t next[3]; /* bytes to the next group in each row: a row of padding stays where it is */
  const int8_t *x[3];
  int32_t column[3]; /* bytes to the next column in each row */
  int32_t *to;       /* where the image's first column goes */
  int32_t pairs;     /* two columns each, after `before` and before `after` single ones */
  int32_t before;
  int32_t after;
  uint32_t outside; /* zero points */
  int32_t groups;
  const int32_t *stop; /* the words after the first of each of four channels: there a fifth would begin */
  int8_t *y;
};

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* In a loop: compilers leave it as it is, instead of making room for speed where little is to be done. */
#define NK_DEPTHWISE_ROW_ROLLED __asm__ volatile("")

_Static_assert(sizeof(nk_depthwise_row) == 104, "the assembly knows this struct");

/* Two words of four bytes each as four words of two halfwords, from r6 + at on; the first is written last. */
#define NK_DEPTHWISE_ROW_PACK(a, b, at1, at2, at3)                                                         \
  "pkhbt r12, " a ", " b ", lsl #16\n pkhtb " b ", " b ", " a ", asr #16\n sxtb16 " a                      \
  ", r12, ror #8\n str " a ", [r6, #" at1 "]\n sxtb16 " a ", " b "\n sxtb16 " b ", " b ", ror #8\n str " a \
  ", [r6, #" at2 "]\n str " b ", [r6, #" at3 "]\n sxtb16 r12, r12\n"
#define NK_DEPTHWISE_ROW_PACK_FIRST(a, b, by) \
  NK_DEPTHWISE_ROW_PACK(a, b, "4", "8", "12") "str r12, [r6]" by "\n"
#define NK_DEPTHWISE_ROW_PACK_THIRD(a, b) NK_DEPTHWISE_ROW_PACK(a, b, "20", "24", "28") "str r12, [r6, #16]\n"
#define NK_DEPTHWISE_ROW_PACK_SECOND(a, b) \
  NK_DEPTHWISE_ROW_PACK(a, b, "36", "40", "44") "str r12, [r6, #32]\n"

/* Takes four channels apart. Called on the frame of NK_DEPTHWISE_ROWS; r0-r2 x, r3-r5 column, r6 to, r7
 * pairs. */
__attribute__((naked, noinline)) static void nk_depthwise_row_take(__attribute__((unused))
                                                                   const nk_depthwise_row *s) {
  __asm__ volatile(
      "add r0, sp, #48\n ldm r0, {r0-r7}\n ldr r8, [sp, #80]\n cmp r8, #0\n beq 2f\n"
      "ldr r8, [r0]\n ldr r9, [r1]\n ldr r10, [sp, #88]\n ldr r11, [r2]\n add r0, r3\n add r1, r4\n add r2, r5\n"
      NK_DEPTHWISE_ROW_PACK_SECOND("r8", "r9") NK_DEPTHWISE_ROW_PACK_THIRD("r10", "r11")
      "add r6, #48\n"
      "2: cmp r7, #0\n beq 4f\n"
      "3: ldr r8, [r0]\n ldr r9, [r1]\n ldr r10, [r0, r3]\n ldr r11, [r1, r4]\n"
      NK_DEPTHWISE_ROW_PACK_SECOND("r10", "r11")
      "ldr r10, [r2]\n ldr r11, [r2, r5]\n add r0, r0, r3, lsl #1\n add r1, r1, r4, lsl #1\n"
      "add r2, r2, r5, lsl #1\n subs r7, #1\n"
      NK_DEPTHWISE_ROW_PACK_THIRD("r10", "r11") NK_DEPTHWISE_ROW_PACK_FIRST("r8", "r9", ", #48")
      "bne 3b\n"
      "4: ldr r8, [sp, #84]\n cmp r8, #0\n beq 5f\n"
      "ldr r8, [r0]\n ldr r9, [r1]\n ldr r10, [r2]\n ldr r11, [sp, #88]\n"
      NK_DEPTHWISE_ROW_PACK_FIRST("r8", "r9", "") NK_DEPTHWISE_ROW_PACK_THIRD("r10", "r11")
      "5: bx lr\n");
}

/* r7, r8 the constants; r11 is loaded again where it is needed after. */
#define NK_DEPTHWISE_ROW_ONCE_LOAD ""
#define NK_DEPTHWISE_ROW_ONCE(r) "smmla " r ", " r ", r7, r8\n ssat " r ", #8, " r ", asr #4\n"
#define NK_DEPTHWISE_ROW_ONCE_BACK ""
#define NK_DEPTHWISE_ROW_TWICE_LOAD "ldr r11, [sp, #12]\n"
#define NK_DEPTHWISE_ROW_TWICE(r)                                                        \
  "smmlar " r ", " r ", r7, " r "\n add " r ", " r ", " r ", asr #31\n smmlar " r ", " r \
  ", r8, r11\n ssat " r ", #8, " r "\n"
#define NK_DEPTHWISE_ROW_TWICE_BACK "ldr r11, [r0]\n"

/* r0 words, r1 y, r2-r6 taps, r9 and r10 the sums of an even and of an odd output, r11 r12 columns, lr the
   third row of both. What finishes the outputs: */
#define NK_DEPTHWISE_ROW_EVEN "smlad r9, r4, r11, r9\n smlabt r9, lr, r6, r9\n"
#define NK_DEPTHWISE_ROW_ODD "smlad r10, r3, r11, r10\n smlad r10, r4, r12, r10\n smlad r10, r6, lr, r10\n"
#define NK_DEPTHWISE_ROW_LOAD "ldr r11, [r0, #48]!\n ldr lr, [r0, #16]\n ldr r12, [r0, #32]\n"
/* The next ones, from the bias in r9. */
#define NK_DEPTHWISE_ROW_S1_BEGIN(bias)                     \
  "smlad r10, r2, r12, " bias "\n smlad r9, r2, r11, " bias \
  "\n smlatb r10, lr, r5, r10\n smlad r9, r3, r12, r9\n smlad r9, r5, lr, r9\n"
#define NK_DEPTHWISE_ROW_S1(LOAD, SCALE, BACK)                                                             \
  NK_DEPTHWISE_ROW_LOAD NK_DEPTHWISE_ROW_EVEN NK_DEPTHWISE_ROW_ODD LOAD SCALE("r9")                        \
      SCALE("r10") "strb r9, [r1]\n ldr r9, [sp, #4]\n strb r10, [r1, r9]\n add r1, r1, r9, lsl #1\n" BACK \
                   "ldr r10, [sp, #8]\n ldr r9, [sp]\n cmp r0, r10\n" NK_DEPTHWISE_ROW_S1_BEGIN("r9")
#define NK_DEPTHWISE_ROW_S1_END(LOAD, SCALE, BACK)                                                        \
  "ldr r11, [r0, #48]!\n ldr lr, [r0, #16]\n ldr r2, [sp, #32]\n cmp r2, #0\n" NK_DEPTHWISE_ROW_EVEN LOAD \
      SCALE("r9") "strb r9, [r1]\n beq 4f\n" BACK                                                         \
                  "ldr r12, [r0, #32]\n ldr r2, [sp, #4]\n" NK_DEPTHWISE_ROW_ODD LOAD SCALE(              \
                      "r10") "strb r10, [r1, r2]\n"

/* Stride 2: r10 step. */
#define NK_DEPTHWISE_ROW_S2_BEGIN "smlad r9, r2, r11, r9\n smlad r9, r3, r12, r9\n smlad r9, r5, lr, r9\n"
#define NK_DEPTHWISE_ROW_S2(LOAD, SCALE, BACK)                                   \
  NK_DEPTHWISE_ROW_LOAD NK_DEPTHWISE_ROW_EVEN LOAD SCALE(                        \
      "r9") "strb r9, [r1]\n add r1, r10\n ldr r9, [sp, #8]\n cmp r0, r9\n" BACK \
            "ldr r9, [sp]\n" NK_DEPTHWISE_ROW_S2_BEGIN
#define NK_DEPTHWISE_ROW_S2_END(LOAD, SCALE, BACK) \
  "ldr r11, [r0, #48]!\n ldr lr, [r0, #16]\n" NK_DEPTHWISE_ROW_EVEN LOAD SCALE("r9") "strb r9, [r1]\n"

/* Label 1: a group; 2: a channel; 3: two columns; 4: on to the next channel. */
#define NK_DEPTHWISE_ROWS(name, START, BODY, END)                                                           \
  __attribute__((naked, noinline)) static void name(__attribute__((unused)) const nk_depthwise_row *s) {    \
    __asm__ volatile(                                                                                       \
        "push {r4-r11, lr}\n add r0, #104\n ldmdb r0!, {r1-r12, lr}\n push {r1-r12, lr}\n"                  \
        "ldmdb r0!, {r1-r12, lr}\n push {r1-r12, lr}\n"                                                     \
        "1: ldr r12, [sp, #28]\n blx r12\n ldr r0, [sp, #96]\n ldr r1, [sp, #100]\n ldr lr, [sp, #24]\n "   \
        "sub r0, #16\n"                                                                                     \
        "2: ldm lr!, {r2-r9}\n str lr, [sp, #24]\n str r9, [sp]\n"                                          \
        "ldr r11, [r0]\n ldr r12, [r0, #32]\n ldr lr, [r0, #16]\n" START "3:\n" BODY "blo 3b\n" END         \
        "4: ldr r2, [sp, #16]\n ldr r3, [sp, #20]\n ldr lr, [sp, #24]\n ldr r12, [sp, #96]\n sub r0, r2\n " \
        "sub r1, r3\n"                                                                                      \
        "cmp r0, r12\n bne 2b\n"                                                                            \
        "ldr r2, [sp, #92]\n subs r2, #1\n beq 5f\n str r2, [sp, #92]\n str r1, [sp, #100]\n"               \
        "add r0, sp, #36\n ldm r0, {r1-r6}\n add r4, r1\n add r5, r2\n add r6, r3\n add r0, #12\n"          \
        "stm r0, {r4-r6}\n b 1b\n"                                                                          \
        "5: add sp, #104\n pop {r4-r11, pc}\n");                                                            \
  }
#define NK_DEPTHWISE_ROWS_S1(name, SCALE)                                   \
  NK_DEPTHWISE_ROWS(name, NK_DEPTHWISE_ROW_S1_BEGIN("r9"),                  \
                    NK_DEPTHWISE_ROW_S1(SCALE##_LOAD, SCALE, SCALE##_BACK), \
                    NK_DEPTHWISE_ROW_S1_END(SCALE##_LOAD, SCALE, SCALE##_BACK))
#define NK_DEPTHWISE_ROWS_S2(name, SCALE)                                   \
  NK_DEPTHWISE_ROWS(name, "ldr r10, [sp, #4]\n" NK_DEPTHWISE_ROW_S2_BEGIN,  \
                    NK_DEPTHWISE_ROW_S2(SCALE##_LOAD, SCALE, SCALE##_BACK), \
                    NK_DEPTHWISE_ROW_S2_END(SCALE##_LOAD, SCALE, SCALE##_BACK))

#else /* the same in C: what the assembly is held against, and what other machines run in tests */

#define NK_DEPTHWISE_ROW_ROLLED (void)0

static inline uint32_t nk_depthwise_row_word(const int8_t *x) {
  uint32_t word;
  memcpy(&word, x, 4);
  return word;
}

static inline void nk_depthwise_row_pack(int32_t *to, uint32_t a, uint32_t b) {
  const uint32_t first = (a & 0xFFFFU) | (b << 16);
  const uint32_t last = (b & 0xFFFF0000U) | (a >> 16);
  to[0] = nk_planes_even(first);
  to[1] = nk_planes_odd(first);
  to[2] = nk_planes_even(last);
  to[3] = nk_planes_odd(last);
}

/* Column `i` of the image: its upper rows are packed, its third is given back. */
static inline uint32_t nk_depthwise_row_column(int32_t *to, const nk_depthwise_row *s, int32_t i) {
  nk_depthwise_row_pack(to, nk_depthwise_row_word(s->x[0] + i * s->column[0]),
                        nk_depthwise_row_word(s->x[1] + i * s->column[1]));
  return nk_depthwise_row_word(s->x[2] + i * s->column[2]);
}

static inline void nk_depthwise_row_take(const nk_depthwise_row *s) {
  int32_t *to = s->to;
  if (s->before != 0) {
    nk_depthwise_row_pack(to + 4, s->outside, nk_depthwise_row_column(to + 8, s, 0));
    to += NK_DEPTHWISE_ROW_PAIR;
  }
  int32_t i = s->before;
  for (int32_t n = s->pairs; n > 0; n--, i += 2, to += NK_DEPTHWISE_ROW_PAIR) {
    const uint32_t even = nk_depthwise_row_column(to, s, i);
    nk_depthwise_row_pack(to + 4, even, nk_depthwise_row_column(to + 8, s, i + 1));
  }
  if (s->after != 0) nk_depthwise_row_pack(to + 4, nk_depthwise_row_column(to, s, i), s->outside);
}

typedef int8_t nk_depthwise_row_scale(int32_t acc, const int32_t *block, int32_t zero);

static inline int8_t nk_depthwise_row_once(int32_t acc, const int32_t *block, int32_t zero) {
  (void)zero;
  const int32_t high = (int32_t)(((int64_t)acc * block[5]) >> 32);
  return (int8_t)nk_clamp((high + block[6]) >> 4, -128, 127);
}

static inline int8_t nk_depthwise_row_twice(int32_t acc, const int32_t *block, int32_t zero) {
  return (int8_t)nk_scale_twice_s8(acc, block[5], block[6], zero);
}

/* The upper rows of column `i`. */
static inline int32_t nk_depthwise_row_upper(const int32_t *x, int32_t i) {
  return x[NK_DEPTHWISE_ROW_PAIR * (i >> 1) + 8 * (i & 1)];
}

/* The sum whose first column is `i`. */
static inline int32_t nk_depthwise_row_sum(const int32_t *x, int32_t i, const int32_t *block) {
  int32_t acc = block[7];
  for (int32_t k = 0; k < 3; k++) {
    acc = nk_scale_dual((uint32_t)block[k], nk_depthwise_row_upper(x, i + k), acc);
  }
  const int32_t *const third = x + NK_DEPTHWISE_ROW_PAIR * (i >> 1) + 4;
  const uint32_t head = (uint32_t)block[3];
  const uint32_t tail = (uint32_t)block[4];
  if ((i & 1) == 0) {
    acc = nk_scale_dual(head, third[0], acc);
    return nk_scale_dual(tail >> 16, third[NK_DEPTHWISE_ROW_PAIR], acc);
  }
  acc = nk_scale_dual(head << 16, third[0], acc);
  return nk_scale_dual(tail, third[NK_DEPTHWISE_ROW_PAIR], acc);
}

static inline void nk_depthwise_row_groups(const nk_depthwise_row *given, int32_t stride,
                                           nk_depthwise_row_scale *scale) {
  nk_depthwise_row s = *given;
  const int32_t *const planes = s.stop - 4;
  const int32_t turns = (int32_t)(s.end - planes) / NK_DEPTHWISE_ROW_PAIR;
  const int32_t outputs = (stride == 1 ? 2 * turns : turns) + 1 + s.even;
  for (; s.groups > 0; s.groups--) {
    s.take(&s);
    for (int32_t lane = 0; lane < 4; lane++, s.block += NK_DEPTHWISE_ROW_BLOCK) {
      for (int32_t i = 0; i < outputs; i++) {
        const int32_t acc = nk_depthwise_row_sum(planes + lane, stride * i, s.block);
        s.y[lane + i * s.step] = scale(acc, s.block, s.zero);
      }
    }
    for (int32_t k = 0; k < 3; k++) s.x[k] += s.next[k];
    s.y += 4;
  }
}

#define NK_DEPTHWISE_ROW_ONCE nk_depthwise_row_once
#define NK_DEPTHWISE_ROW_TWICE nk_depthwise_row_twice
#define NK_DEPTHWISE_ROWS_S1(name, SCALE) \
  static inline void name(const nk_depthwise_row *s) { nk_depthwise_row_groups(s, 1, SCALE); }
#define NK_DEPTHWISE_ROWS_S2(name, SCALE) \
  static inline void name(const nk_depthwise_row *s) { nk_depthwise_row_groups(s, 2, SCALE); }

#endif

/* Zero points in the words that do not hold the image, or not alone. */
static inline void nk_depthwise_row_pad(int32_t *planes, const nk_depthwise_row_args *a) {
  const int32_t pair = (int32_t)((uint32_t)(uint16_t)a->x_zero * 0x10001U);
  for (int32_t i = a->head > 0 ? 0 : a->tail; i < a->words;) {
    planes[i] = pair;
    planes[i + 1] = pair;
    planes[i + 2] = pair;
    planes[i + 3] = pair;
    i += 4;
    if (i == a->head) i = a->tail;
    NK_DEPTHWISE_ROW_ROLLED;
  }
}

/* The three rows of the four channels from x on; those outside of the image are zero points. */
static inline void nk_depthwise_row_rows(nk_depthwise_row *s, const int8_t *x,
                                         const nk_depthwise_row_args *a) {
  for (int32_t k = 0, row = -a->pad_h; k < 3; k++, row++) {
    const int32_t inside = row >= 0 && row < a->in_h;
    s->x[k] = inside ? x : (const int8_t *)&s->outside;
    s->column[k] = inside ? a->channels : 0;
    s->next[k] = inside ? 4 : 0;
    if (inside) x += a->in_w * a->channels;
    NK_DEPTHWISE_ROW_ROLLED;
  }
}

static inline void nk_depthwise_row_run(nk_depthwise_row_function *function, const int8_t *x,
                                        const int32_t *blocks, int8_t *y, int32_t *planes,
                                        const nk_depthwise_row_args *a) {
  nk_depthwise_row s;
  nk_depthwise_row_pad(planes, a);
  s.step = a->channels;
  s.end = planes + NK_DEPTHWISE_ROW_PAIR * a->turns;
  s.zero = a->y_zero;
  s.back = 4 * (NK_DEPTHWISE_ROW_PAIR * (a->turns + 1) - 1);
  s.y_back = a->ahead * a->channels - 1;
  s.take = nk_depthwise_row_take;
  s.even = a->even;
  s.to = planes + NK_DEPTHWISE_ROW_PAIR * (a->left >> 1);
  s.before = a->before;
  s.pairs = a->pairs;
  s.after = a->after;
  s.outside = (uint32_t)(uint8_t)a->x_zero * 0x1010101U;
  s.stop = planes + 4;
  s.groups = a->channels >> 2;
  s.block = blocks;
  s.y = y;
  nk_depthwise_row_rows(&s, x, a);
  function(&s);
  if ((a->channels & 3) != 0) { /* what is left: four that overlap the ones before */
    const int32_t first = a->channels - 4;
    s.groups = 1;
    s.block += first * NK_DEPTHWISE_ROW_BLOCK;
    s.y += first;
    for (int32_t k = 0; k < 3; k++) s.x[k] += (s.next[k] >> 2) * first;
    function(&s);
  }
  const int32_t count = a->narrow ? a->out_w * a->channels : 0;
  for (int32_t i = 0; i < count; i++) {
    y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
    NK_DEPTHWISE_ROW_ROLLED;
  }
}

#endif
