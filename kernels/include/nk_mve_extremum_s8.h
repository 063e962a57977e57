/* Rows of MAXIMUM and MINIMUM, int8, for cores with Helium: they differ in one instruction, and in the
   comparison that stands for it elsewhere. */
#ifndef NK_MVE_EXTREMUM_S8_H
#define NK_MVE_EXTREMUM_S8_H

#include "nk_args.h"
#include "nk_mve.h"

#if defined(__ARM_FEATURE_MVE)

/* n elements; an operand with step 0 stays the same. `better` is VMAX or VMIN. */
#define NK_MVE_EXTREMUM_ROW(name, better, beats)                                                    \
  static inline void name(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t n, int32_t step_0, \
                          int32_t step_1) {                                                         \
    const int8_t *from = step_0 == 1 ? x0 : x1;                                                     \
    const int32_t same = step_0 == 1 ? *x1 : *x0;                                                   \
    if (step_0 == 1 && step_1 == 1) {                                                               \
      __asm__ volatile(                                                                             \
          "wlstp.8 lr, %[n], 2f\n"                                                                  \
          "1: vldrb.8 q0, [%[x0]], #16\n vldrb.8 q1, [%[x1]], #16\n " better                        \
          " q0, q0, q1\n vstrb.8 q0, [%[y]], #16\n letp lr, 1b\n"                                   \
          "2:\n"                                                                                    \
          : [x0] "+&r"(x0), [x1] "+&r"(x1), [y] "+&r"(y)                                            \
          : [n] "r"(n)                                                                              \
          : "lr", "q0", "q1", "memory", "cc");                                                      \
      return;                                                                                       \
    }                                                                                               \
    __asm__ volatile(                                                                               \
        "vdup.8 q1, %[same]\n wlstp.8 lr, %[n], 2f\n"                                               \
        "1: vldrb.8 q0, [%[x]], #16\n " better                                                      \
        " q0, q0, q1\n vstrb.8 q0, [%[y]], #16\n letp lr, 1b\n"                                     \
        "2:\n"                                                                                      \
        : [x] "+&r"(from), [y] "+&r"(y)                                                             \
        : [n] "r"(n), [same] "r"(same)                                                              \
        : "lr", "q0", "q1", "memory", "cc");                                                        \
  }

#else

#define NK_MVE_EXTREMUM_ROW(name, better, beats)                                                    \
  static inline void name(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t n, int32_t step_0, \
                          int32_t step_1) {                                                         \
    for (; n > 0; n--, x0 += step_0, x1 += step_1) *y++ = (*x0)beats(*x1) ? *x0 : *x1;              \
  }

#endif

typedef void nk_mve_extremum_row(const int8_t *x0, const int8_t *x1, int8_t *y, int32_t n, int32_t step_0,
                                 int32_t step_1);

static inline void nk_mve_extremum_rows(nk_mve_extremum_row *row, const int8_t *x0, const int8_t *x1,
                                        int8_t *y, const nk_extremum_args *a) {
  for (int32_t i = 0; i < a->rows; i++) {
    row(x0, x1, y, a->inner, a->step_0, a->step_1);
    x0 += a->inner * a->step_0 + a->jump_0;
    x1 += a->inner * a->step_1 + a->jump_1;
    y += a->inner;
  }
}

#endif
