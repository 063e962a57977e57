/* FULLY_CONNECTED, int8, for cores with Helium: four channels a walk over the row. Accumulators gain `left`
   bits, lest the rounded product lose any that matter: the numbers are proved at build time to give LiteRT's
   results. */
#include "nk_kernels.h"
#include "nk_mve.h"

#if defined(__ARM_FEATURE_MVE)

static inline void nk_mve_channels4(const int8_t *x, const int8_t **weights, const int32_t *scales, int8_t *y,
                                    int32_t channels, const nk_fully_connected_mve_args *a) {
  const int8_t *w = *weights;
  int32_t c0 = 0, c1 = 0, c2 = 0, c3 = 0;
  __asm__ volatile(
      "dlstp.8 lr, %[n]\n"
      "1: vldrb.8 q0, [%[x]], #16\n"
      "vldrb.8 q1, [%[w]], #16\n vmladava.s8 %[c0], q0, q1\n vldrb.8 q2, [%[w]], #16\n vmladava.s8 %[c1], "
      "q0, q2\n"
      "vldrb.8 q1, [%[w]], #16\n vmladava.s8 %[c2], q0, q1\n vldrb.8 q2, [%[w]], #16\n vmladava.s8 %[c3], "
      "q0, q2\n"
      "letp lr, 1b\n"
      : [x] "+&r"(x), [w] "+&r"(w), [c0] "+&Te"(c0), [c1] "+&Te"(c1), [c2] "+&Te"(c2), [c3] "+&Te"(c3)
      : [n] "r"(a->depth)
      : "lr", "q0", "q1", "q2", "memory", "cc");
  *weights = w;
  int32x4_t acc = nk_mve_odd(nk_mve_even(vuninitializedq_s32(), c0, c2), c1, c3);
  acc = vshlq_r_s32(vaddq_s32(acc, vldrwq_s32(scales)), a->left);
  acc = vrshlq_s32(vqdmulhq_s32(acc, vldrwq_s32(scales + 4)), vldrwq_s32(scales + 8));
  acc = vaddq_n_s32(acc, a->y_zero);
  if (channels >= 4) {
    nk_mve_store4(y, acc);
  } else {
    nk_mve_store_some(y, acc, channels);
  }
}

#else

static inline void nk_mve_channels4(const int8_t *x, const int8_t **weights, const int32_t *scales, int8_t *y,
                                    int32_t channels, const nk_fully_connected_mve_args *a) {
  for (int32_t c = 0; c < channels && c < 4; c++) {
    uint32_t acc = (uint32_t)scales[c];
    for (int32_t i = 0; i < a->depth; i++)
      acc += (uint32_t)(x[i] * (*weights)[(i >> 4) * 64 + 16 * c + (i & 15)]);
    const int64_t high = ((int64_t)(int32_t)(acc << a->left) * scales[4 + c]) >> 31;
    const int32_t right = -scales[8 + c];
    y[c] = nk_mve_narrow1((int32_t)((high + (INT64_C(1) << (right - 1))) >> right) + a->y_zero);
  }
  *weights += (a->depth + 15) / 16 * 64;
}

#endif

NK_KERNEL void nk_fully_connected_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                         const nk_fully_connected_mve_args *a) {
  int8_t *const start = y;
  for (int32_t row = 0; row < a->rows; row++, x += a->depth) {
    const int8_t *weights = w;
    const int32_t *s = scales;
    for (int32_t left = a->channels; left > 0; left -= 4, s += NK_MVE_SCALES) {
      nk_mve_channels4(x, &weights, s, y, left, a);
      y += nk_min(left, 4);
    }
  }
  if (a->narrow) nk_mve_clamp(start, a->rows * a->channels, a->low, a->high);
}
