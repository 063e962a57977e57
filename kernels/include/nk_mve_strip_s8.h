/* The heart of the int8 Helium convolutions: three pixels times all output channels.

   Activations come as columns: 16 bytes of each of three pixels in turn, step after step. Weights stand by
   four channels, in two halves (channels 0 and 2, then 1 and 3, which is how two registers enter a vector):
   16 bytes of the one, 16 of the other, step after step, zeros behind the end. So five loads feed six
   VMLADAVA: 96 MACs in 11 instructions. What lies in the columns behind the end meets zero weights. */
#ifndef NK_MVE_STRIP_S8_H
#define NK_MVE_STRIP_S8_H

#include "nk_mve.h"

typedef struct nk_mve_strip {
  const int8_t *columns;
  const int8_t *weights;
  const int32_t *scales;
  int32_t steps;
  int32_t channels;
  int32_t y_zero;
  int32_t second; /* from the first pixel's outputs to the second's and the third's; shorter where a strip has
                     fewer */
  int32_t third;
} nk_mve_strip;

#if defined(__ARM_FEATURE_MVE)

/* Two channels at three pixels, 16 inputs; `second` and `third`: where the other pixels' inputs are once x
   has moved on. */
#define NK_MVE_STRIP_STEP(op, second, third)                                  \
  "vldrb.8 q0, [%[x]], #16\n vldrb.8 q3, [%[w]], #16\n " op                   \
  " %[a], q0, q3\n"                                                           \
  "vldrb.8 q1, " second "\n " op " %[c], q1, q3\n vldrb.8 q2, " third "\n" op \
  " %[e], q2, q3\n"                                                           \
  "vldrb.8 q3, [%[w]], #16\n " op " %[b], q0, q3\n" op " %[d], q1, q3\n " op " %[f], q2, q3\n"
/* All inputs, then the sums into two lanes of q4, q5 and q6. */
#define NK_MVE_STRIP_HALF(second, third, loop, end, high, low)                                    \
  "mov %[x], %[base]\n" NK_MVE_STRIP_STEP(                                                        \
      "vmladav.s8", second, third) "wls lr, %[n], " end "f\n" loop                                \
                                   ":\n" NK_MVE_STRIP_STEP("vmladava.s8", second,                 \
                                                           third) "le lr, " loop "b\n" end        \
                                                                  ":\n"                           \
                                                                  "vmov q4[" high "], q4[" low    \
                                                                  "], %[a], %[b]\n vmov q5[" high \
                                                                  "], q5[" low                    \
                                                                  "], %[c], %[d]\n"               \
                                                                  "vmov q6[" high "], q6[" low    \
                                                                  "], %[e], %[f]\n"
#define NK_MVE_STRIP_ALL(op, operand) \
  op " q4, q4, " operand "\n " op " q5, q5, " operand "\n " op " q6, q6, " operand "\n"
#define NK_MVE_STRIP_RELU ""
#define NK_MVE_STRIP_SIGNED                                              \
  "vshr.s32 q0, q4, #31\n vqadd.s32 q4, q4, q0\n vshr.s32 q0, q5, #31\n" \
  "vqadd.s32 q5, q5, q0\n vshr.s32 q0, q6, #31\n vqadd.s32 q6, q6, q0\n"

/* Groups of four channels up to the weights' `end`. On the stack: second, third, y_zero, end; their registers
   become sums. */
#define NK_MVE_STRIP_FUNCTION(name, SECOND, THIRD, SIGN)                                                        \
  __attribute__((noinline, unused)) static void name(const nk_mve_strip *s, const int8_t *w,                    \
                                                     const int32_t *scales, int8_t *y, const int8_t *end) {     \
    int32_t a = s->second, b = s->third, c = s->y_zero, d = (int32_t)(uintptr_t)end, e = 0, f = 0;              \
    const int8_t *x;                                                                                            \
    __asm__ volatile(                                                                                         \
        "strd %[a], %[b], [sp, #-16]!\n strd %[c], %[d], [sp, #8]\n"                                          \
        "1:\n" NK_MVE_STRIP_HALF(SECOND, THIRD, "2", "3", "2", "0")                                           \
        NK_MVE_STRIP_HALF(SECOND, THIRD, "4", "5", "3", "1")                                                  \
        "vldrw.32 q0, [%[scales]], #16\n vldrw.32 q1, [%[scales]], #16\n vldrw.32 q2, [%[scales]], #16\n"     \
        "ldrd %[a], %[b], [sp]\n ldrd %[c], %[d], [sp, #8]\n"                                                 \
        NK_MVE_STRIP_ALL("vadd.i32", "q0") NK_MVE_STRIP_ALL("vqrdmulh.s32", "q1") SIGN                        \
        NK_MVE_STRIP_ALL("vrshl.s32", "q2") NK_MVE_STRIP_ALL("vadd.i32", "%[c]")                              \
        "vqmovnb.s32 q4, q4\n vqmovnb.s32 q5, q5\n vqmovnb.s32 q6, q6\n"                                      \
        "vqmovnb.s16 q4, q4\n vqmovnb.s16 q5, q5\n vqmovnb.s16 q6, q6\n"                                      \
        "add %[x], %[y], %[a]\n vstrb.32 q5, [%[x]]\n add %[x], %[y], %[b]\n vstrb.32 q6, [%[x]]\n"           \
        "vstrb.32 q4, [%[y]], #4\n cmp %[w], %[d]\n bne 1b\n add sp, #16\n"                                  \
        : [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d), [e] "+&Te"(e), [f] "+&Te"(f), [x] "=&l"(x), \
          [w] "+&r"(w), [y] "+&l"(y), [scales] "+&r"(scales)                                                  \
        : [n] "r"(s->steps - 1), [base] "r"(s->columns)                                                       \
        : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "memory", "cc"); \
  }

/* A layout of columns: pixels `apart` bytes from one another, steps `step` bytes. The channels behind the
   last four go by way of the stack. */
#define NK_MVE_STRIP(name, apart, step, SECOND, THIRD)                                                       \
  NK_MVE_STRIP_FUNCTION(name##_relu, SECOND, THIRD, NK_MVE_STRIP_RELU)                                       \
  NK_MVE_STRIP_FUNCTION(name##_signed, SECOND, THIRD, NK_MVE_STRIP_SIGNED)                                   \
  static inline void name##_part(const nk_mve_strip *s, const int8_t *w, const int32_t *scales, int8_t *y,   \
                                 int32_t groups, int32_t is_signed) {                                        \
    const int8_t *const end = w + 64 * groups * s->steps;                                                    \
    if (is_signed) {                                                                                         \
      name##_signed(s, w, scales, y, end);                                                                   \
    } else {                                                                                                 \
      name##_relu(s, w, scales, y, end);                                                                     \
    }                                                                                                        \
  }                                                                                                          \
  static inline void name(const nk_mve_strip *s, int8_t *y, int32_t is_signed) {                             \
    const int32_t groups = s->channels >> 2;                                                                 \
    const int32_t rest = s->channels & 3;                                                                    \
    if (groups > 0) name##_part(s, s->weights, s->scales, y, groups, is_signed);                             \
    if (rest > 0) {                                                                                          \
      int8_t staged[12];                                                                                     \
      nk_mve_strip last = *s;                                                                                \
      last.second = 4;                                                                                       \
      last.third = 8;                                                                                        \
      name##_part(&last, s->weights + 64 * groups * s->steps, s->scales + NK_MVE_SCALES * groups, staged, 1, \
                  is_signed);                                                                                \
      y += 4 * groups;                                                                                       \
      for (int32_t c = 0; c < rest; c++) {                                                                   \
        y[c] = staged[c];                                                                                    \
        y[s->second + c] = staged[4 + c];                                                                    \
        y[s->third + c] = staged[8 + c];                                                                     \
      }                                                                                                      \
    }                                                                                                        \
  }

#else

static inline int32_t nk_mve_strip_sum(const int8_t *column, const int8_t *w, int32_t steps, int32_t step) {
  int32_t sum = 0;
  for (; steps > 0; steps--, column += step, w += 32) {
    for (int32_t i = 0; i < 16; i++) sum += column[i] * w[i];
  }
  return sum;
}

static inline void nk_mve_strip_twin(const nk_mve_strip *s, int8_t *y, int32_t is_signed, int32_t apart,
                                     int32_t step) {
  const int32_t half = 32 * s->steps;
  const int32_t to[3] = {0, s->second, s->third};
  for (int32_t channel = 0; channel < s->channels; channel++) {
    const int32_t lane = channel & 3;
    const int8_t *w = s->weights + (channel >> 2) * 2 * half + (lane & 1) * half + (lane >> 1) * 16;
    const int32_t *scale = s->scales + (channel >> 2) * NK_MVE_SCALES + lane;
    for (int32_t p = 0; p < 3; p++) {
      const uint32_t sum =
          (uint32_t)nk_mve_strip_sum(s->columns + apart * p, w, s->steps, step) + (uint32_t)scale[0];
      const int32_t scaled = nk_mve_scaled1((int32_t)sum, scale[4], scale[8], is_signed);
      y[to[p] + channel] = nk_mve_narrow1(scaled + s->y_zero);
    }
  }
}

#define NK_MVE_STRIP(name, apart, step, SECOND, THIRD)                           \
  static inline void name(const nk_mve_strip *s, int8_t *y, int32_t is_signed) { \
    nk_mve_strip_twin(s, y, is_signed, apart, step);                             \
  }

#endif

/* The three pixels' inputs in turn. */
NK_MVE_STRIP(nk_mve_strip_run, 16, 48, "[%[x]], #16", "[%[x]], #16")

#endif
