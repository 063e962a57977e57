/* The heart of the int8 Helium depthwise convolutions whose windows fit a vector: one VMLADAVA an output.

   16 channels at a time, the pixels that a strip of windows sees are turned round: words of four pixels of
   one channel, 16 channels side by side, one such row of words behind the other. Four words of a channel, 64
   bytes apart, are a vector, and the weights (zeros around them) stand ready for each place that a window can
   have in it. The pixels of four outputs are the lanes that are requantised together: scales are scalars.

   Weights and scales come by 16 channels: 8 zeros, 16 bytes of weights a channel (zeros behind them, so that
   a load up to 5 bytes ahead of a channel meets zeros), then bias, multiplier, shift and 0 of each. */
#ifndef NK_MVE_WINDOWS_S8_H
#define NK_MVE_WINDOWS_S8_H

#include "nk_args.h"
#include "nk_fixed_point.h"
#include "nk_mve.h"

#define NK_MVE_WIDE 16                           /* channels side by side */
#define NK_MVE_WORDS 64                          /* bytes of a row of words */
#define NK_MVE_STREAM (8 + 2 * 16 * NK_MVE_WIDE) /* bytes of weights and scales of so many channels */

/* A strip of outputs. `lanes`: where the four outputs of a block lie behind the first; `next`: where the next
   block's do. `twin`: bytes from the weights of lanes 0 and 2 to those of 1 and 3, 0 where these repeat the
   others. */
typedef struct nk_mve_windows {
  uint32_t start[4];
  int32_t lanes[4];
  int32_t twin;
  int32_t blocks;
  int32_t tail; /* lanes of one more block, or 0 */
  int32_t y_back;
  int32_t start_back;
  int32_t channels;
  int32_t next;
  int32_t y_zero;
} nk_mve_windows;

/* Where four pixels of the words lie, and how far apart the pixels of one and of the next word are. */
typedef struct nk_mve_four {
  const int8_t *at[4];
  int32_t step[4];
} nk_mve_four;

/* Position `index` of a row of pixels; zero points where there is none. */
static inline void nk_mve_point(nk_mve_four *f, int32_t i, const int8_t *line, int32_t step, int32_t index,
                                const int8_t *zero, const nk_windows_mve_args *a) {
  const int32_t there = line != zero && index >= 0 && index < a->walk_size;
  f->at[i] = there ? line + index * step : zero;
  f->step[i] = there ? step * a->word_walk : 0;
}

#if defined(__ARM_FEATURE_MVE)

/* `n` rows of words of `lanes` channels. */
static inline void nk_mve_turn(int8_t *words, const nk_mve_four *f, int32_t n, int32_t lanes) {
  const int8_t *p0 = f->at[0], *p1 = f->at[1], *p2 = f->at[2], *p3 = f->at[3];
  __asm__ volatile(
      "vctp.8 %[lanes]\n wls lr, %[n], 2f\n"
      "1: vpstttt\n vldrbt.8 q0, [%[p0]]\n vldrbt.8 q1, [%[p1]]\n vldrbt.8 q2, [%[p2]]\n vldrbt.8 q3, "
      "[%[p3]]\n"
      "vst40.8 {q0, q1, q2, q3}, [%[to]]\n vst41.8 {q0, q1, q2, q3}, [%[to]]\n"
      "vst42.8 {q0, q1, q2, q3}, [%[to]]\n vst43.8 {q0, q1, q2, q3}, [%[to]]!\n"
      "add %[p0], %[s0]\n add %[p1], %[s1]\n add %[p2], %[s2]\n add %[p3], %[s3]\n le lr, 1b\n"
      "2:\n"
      : [to] "+&r"(words), [p0] "+&r"(p0), [p1] "+&r"(p1), [p2] "+&r"(p2), [p3] "+&r"(p3)
      : [n] "r"(n), [lanes] "r"(lanes), [s0] "r"(f->step[0]), [s1] "r"(f->step[1]), [s2] "r"(f->step[2]),
        [s3] "r"(f->step[3])
      : "lr", "q0", "q1", "q2", "q3", "memory", "cc");
}

/* Four windows of one vector; its weights in q1 to q4 (lanes 0, 2, 1, 3). */
#define NK_MVE_WINDOWS_SHARED(advance)                                                              \
  "vldrw.u32 q0, [q7, #" advance                                                                    \
  "]!\n"                                                                                            \
  "vmladav.s8 %[a], q0, q1\n vmladav.s8 %[b], q0, q2\n vmladav.s8 %[c], q0, q3\n vmladav.s8 %[d], " \
  "q0, q4\n"
/* Four windows of a vector each, with the same weights. */
#define NK_MVE_WINDOWS_APART(advance) \
  "vldrw.u32 q0, [q7, #" advance      \
  "]!\n vmladav.s8 %[a], q0, q1\n"    \
  "vldrw.u32 q2, [q7, #" advance      \
  "]!\n vmladav.s8 %[c], q2, q1\n"    \
  "vldrw.u32 q0, [q7, #" advance      \
  "]!\n vmladav.s8 %[b], q0, q1\n"    \
  "vldrw.u32 q2, [q7, #" advance "]!\n vmladav.s8 %[d], q2, q1\n"
#define NK_MVE_WINDOWS_RELU ""
#define NK_MVE_WINDOWS_SIGNED "vshr.s32 q0, q5, #31\n vqadd.s32 q5, q5, q0\n"
#define NK_MVE_WINDOWS_BLOCK(SUMS, SIGN, predicate, store)                                         \
  SUMS "vmov q5[2], q5[0], %[a], %[b]\n vmov q5[3], q5[1], %[c], %[d]\n"                           \
       "vadd.i32 q5, q5, %[bias]\n vqrdmulh.s32 q5, q5, %[multiplier]\n" SIGN                      \
       "vrshl.s32 q5, %[shift]\n vadd.i32 q5, q5, %[zero]\n vqmovnb.s32 q5, q5\n vqmovnb.s16 q5, " \
       "q5\n" predicate store " q5, [%[y], q6]\n"

/* All blocks of all channels of a strip. `w` points at the first channel's weights. */
#define NK_MVE_WINDOWS_FUNCTION(name, SUMS, second, SIGN)                                                  \
  __attribute__((noinline, unused)) static void name(nk_mve_windows *s, const int8_t *w, int8_t *y) {      \
    int32_t a = 0, b = 0, c = 0, d = 0, bias, multiplier, shift;                                           \
    __asm__ volatile(                                                                                    \
        "vldrw.32 q7, [%[s]]\n vldrw.32 q6, [%[s], #16]\n ldr %[a], [%[s], #40]\n vctp.32 %[a]\n"        \
        "1: ldrd %[bias], %[multiplier], [%[w], #256]\n ldr %[shift], [%[w], #264]\n"                    \
        "ldrd %[a], %[b], [%[s], #32]\n vldrb.8 q1, [%[w]]\n vldrb.8 q2, [%[w], #-" second "]\n"         \
        "sub %[a], %[w], %[a]\n vldrb.8 q3, [%[a]]\n vldrb.8 q4, [%[a], #-" second "]\n"                 \
        "add %[w], #16\n wls lr, %[b], 3f\n"                                                             \
        "2:\n" NK_MVE_WINDOWS_BLOCK(SUMS, SIGN, "", "vstrb.32") "add %[y], %[next]\n le lr, 2b\n"        \
        "3: ldr %[a], [%[s], #40]\n cmp %[a], #0\n beq 4f\n"                                             \
        NK_MVE_WINDOWS_BLOCK(SUMS, SIGN, "vpst\n", "vstrbt.32")                                          \
        "4: ldrd %[a], %[b], [%[s], #44]\n ldr %[c], [%[s], #52]\n sub %[y], %[a]\n"                     \
        "vsub.i32 q7, q7, %[b]\n subs %[c], #1\n str %[c], [%[s], #52]\n bne 1b\n"                       \
        : [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d), [bias] "=&r"(bias),                \
          [multiplier] "=&r"(multiplier), [shift] "=&r"(shift), [w] "+&r"(w), [y] "+&r"(y)               \
        : [s] "r"(s), [next] "r"(s->next), [zero] "r"(s->y_zero)                                         \
        : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc"); \
  }

#define NK_MVE_WINDOWS(name, sums, bytes, second)                                                       \
  NK_MVE_WINDOWS_FUNCTION(name##_relu, NK_MVE_WINDOWS_##sums(#bytes), #second, NK_MVE_WINDOWS_RELU)     \
  NK_MVE_WINDOWS_FUNCTION(name##_signed, NK_MVE_WINDOWS_##sums(#bytes), #second, NK_MVE_WINDOWS_SIGNED) \
  static inline void name(nk_mve_windows *s, const int8_t *words, const int8_t *w, int8_t *y,           \
                          int32_t is_signed) {                                                          \
    for (uint32_t i = 0; i < 4; i++) s->start[i] = (uint32_t)words + NK_MVE_WORDS * i - (bytes);        \
    if (is_signed) {                                                                                    \
      name##_signed(s, w, y);                                                                           \
    } else {                                                                                            \
      name##_relu(s, w, y);                                                                             \
    }                                                                                                   \
  }

#else

static inline void nk_mve_turn(int8_t *words, const nk_mve_four *f, int32_t n, int32_t lanes) {
  for (int32_t k = 0; k < n; k++) {
    for (int32_t c = 0; c < NK_MVE_WIDE; c++) {
      for (int32_t i = 0; i < 4; i++) *words++ = c < lanes ? f->at[i][k * f->step[i] + c] : 0;
    }
  }
}

/* The window of one output: `w` and what stands before it are bytes of the stream. */
static inline int32_t nk_mve_windows_sum(const int8_t *words, const int8_t *w) {
  int32_t sum = 0;
  for (int32_t i = 0; i < 16; i++) sum += words[(i >> 2) * NK_MVE_WORDS + (i & 3)] * w[i];
  return sum;
}

/* `bytes`: from a vector to the next; `apart`: each output has its own. */
static inline void nk_mve_windows_run(const nk_mve_windows *s, const int8_t *words, const int8_t *w,
                                      int8_t *y, int32_t apart, int32_t bytes, int32_t second,
                                      int32_t is_signed) {
  const int32_t outputs = 4 * s->blocks + s->tail;
  const int32_t block = apart ? 4 * bytes : bytes;
  for (int32_t c = 0; c < s->channels; c++, w += 16, words += 4, y++) {
    int32_t scale[3];
    memcpy(scale, w + 256, sizeof(scale));
    for (int32_t i = 0; i < outputs; i++) {
      const int32_t lane = i & 3;
      const int8_t *at = words + (i >> 2) * block + lane * apart * bytes;
      const int8_t *taps = apart ? w : w - (lane & 1) * s->twin - (lane >> 1) * second;
      const uint32_t sum = (uint32_t)nk_mve_windows_sum(at, taps) + (uint32_t)scale[0];
      const int32_t scaled = nk_mve_scaled1((int32_t)sum, scale[1], scale[2], is_signed);
      y[(i >> 2) * s->next + s->lanes[lane]] = nk_mve_narrow1(scaled + s->y_zero);
    }
  }
}

#define NK_MVE_WINDOWS_SHARED 0
#define NK_MVE_WINDOWS_APART 1
#define NK_MVE_WINDOWS(name, sums, bytes, second)                                                   \
  static inline void name(const nk_mve_windows *s, const int8_t *words, const int8_t *w, int8_t *y, \
                          int32_t is_signed) {                                                      \
    nk_mve_windows_run(s, words, w, y, NK_MVE_WINDOWS_##sums, bytes, second, is_signed);            \
  }
#endif

/* All words of strip `strip`: `x` is the first of `lanes` channels, `kept` holds the pixels that outputs may
   have overwritten. Then the ones that the next strip's outputs will are kept. */
static inline void nk_mve_words(int8_t *words, const int8_t *x, int8_t *kept, const int8_t *zero,
                                int32_t strip, int32_t lanes, const nk_windows_mve_args *a) {
  const int32_t first = strip * a->strip_step - a->across_pad;
  const int8_t *lines[4];
  int32_t steps[4];
  nk_mve_four f;
  for (int32_t i = 0; i < 4; i++) {
    const int32_t at = first + i * a->word_across;
    const int32_t old = strip > 0 && i < a->keep;
    lines[i] = at < 0 || at >= a->across_size ? zero
               : old                          ? kept + i * a->walk_size * NK_MVE_WIDE
                                              : x + at * a->across_x;
    steps[i] = old ? NK_MVE_WIDE : a->walk_x;
  }
  for (int32_t k = 0; k < a->words;) {
    const int32_t inside = k == a->inside_from ? nk_max(a->inside, 1) : 1;
    if (a->word_across && (k < a->inside_from || k >= a->inside_from + a->inside)) {
      const int32_t outside = k < a->inside_from ? a->inside_from : a->words - k;
      nk_mve_fill(words + k * NK_MVE_WORDS, a->x_zero, outside * NK_MVE_WORDS);
      k += outside;
      continue;
    }
    for (int32_t i = 0; i < 4; i++) {
      const int32_t index = k * a->word_walk - a->walk_pad + i * (1 - a->word_across);
      nk_mve_point(&f, i, lines[i], steps[i], index, zero, a);
    }
    nk_mve_turn(words + k * NK_MVE_WORDS, &f, inside, lanes);
    k += inside;
  }
  for (int32_t i = 0; i < a->keep; i++) {
    const int32_t at = first + i + a->strip_step;
    if (at < 0 || at >= a->across_size) continue;
    nk_mve_pixels16(kept + i * a->walk_size * NK_MVE_WIDE, x + at * a->across_x, a->walk_size, a->walk_x,
                    lanes);
  }
}

/* What a strip's outputs are, the last one of an odd number repeating itself. */
static inline nk_mve_windows nk_mve_windows_of(int32_t strip, int32_t lanes, const nk_windows_mve_args *a) {
  const int32_t last = strip * a->per_strip + a->per_strip > a->across_out;
  nk_mve_windows s = {.twin = last ? 0 : a->twin, .blocks = a->blocks, .tail = a->tail};
  s.next = a->next;
  s.y_back = a->blocks * a->next - 1;
  s.start_back = (a->blocks + (a->tail > 0 ? 1 : 0)) * a->block_bytes - 4;
  s.channels = lanes;
  s.y_zero = a->y_zero;
  const int32_t odd = last ? 0 : a->lane_odd;
  s.lanes[1] = odd;
  s.lanes[2] = a->lane_two;
  s.lanes[3] = a->lane_two + odd;
  return s;
}

#endif
