/* CONV_2D with a window of one pixel and at most 16 inputs, int8, for cores with Helium: the weights of four
   channels stay in registers while some pixels go by. Their inputs are copied before their outputs are
   written. */
#include "nk_kernels.h"
#include "nk_mve.h"

/* `pixels` vectors of inputs; outputs `step` bytes apart. `lanes`: channels of the last four that there are.
 */
typedef struct nk_mve_narrow {
  const int8_t *columns;
  int32_t pixels;
  int32_t step;
  int32_t y_zero;
} nk_mve_narrow;

#if defined(__ARM_FEATURE_MVE)

#define NK_MVE_NARROW_RELU ""
#define NK_MVE_NARROW_SIGNED "vqdmlah.s32 q0, q0, %[one]\n" /* less one where below zero */

/* Four channels at all pixels. */
#define NK_MVE_NARROW(name, SIGN, predicate, store)                                                    \
  static inline void name(const nk_mve_narrow *s, const int8_t *w, const int32_t *scales, int8_t *y,   \
                          int32_t lanes) {                                                             \
    int32_t a = lanes, b = 0, c = 0, d = 0;                                                            \
    const int8_t *x = s->columns;                                                                      \
    __asm__ volatile(                                                                                  \
        "vctp.32 %[a]\n vldrb.8 q1, [%[w]]\n vldrb.8 q2, [%[w], #16]\n vldrb.8 q3, [%[w], #32]\n"      \
        "vldrb.8 q4, [%[w], #48]\n vldrw.32 q5, [%[s]]\n vldrw.32 q6, [%[s], #16]\n"                   \
        "vldrw.32 q7, [%[s], #32]\n dls lr, %[n]\n"                                                    \
        "1: vldrb.8 q0, [%[x]], #16\n vmladav.s8 %[a], q0, q1\n vmladav.s8 %[b], q0, q2\n"             \
        "vmladav.s8 %[c], q0, q3\n vmladav.s8 %[d], q0, q4\n vmov q0[2], q0[0], %[a], %[b]\n"          \
        "vmov q0[3], q0[1], %[c], %[d]\n vadd.i32 q0, q0, q5\n vqrdmulh.s32 q0, q0, q6\n" SIGN         \
        "vrshl.s32 q0, q0, q7\n vadd.i32 q0, q0, %[zero]\n vqmovnb.s32 q0, q0\n vqmovnb.s16 q0, "      \
        "q0\n" predicate store " q0, [%[y]]\n add %[y], %[step]\n le lr, 1b\n"                         \
        : [a] "+&Te"(a), [b] "+&Te"(b), [c] "+&Te"(c), [d] "+&Te"(d), [x] "+&r"(x), [y] "+&l"(y)       \
        : [w] "r"(w), [s] "r"(scales), [n] "r"(s->pixels), [step] "r"(s->step), [zero] "r"(s->y_zero), \
          [one] "r"(1)                                                                                 \
        : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc");                       \
  }

NK_MVE_NARROW(nk_mve_narrow_relu, NK_MVE_NARROW_RELU, "", "vstrb.32")
NK_MVE_NARROW(nk_mve_narrow_signed, NK_MVE_NARROW_SIGNED, "", "vstrb.32")
NK_MVE_NARROW(nk_mve_narrow_relu_some, NK_MVE_NARROW_RELU, "vpst\n", "vstrbt.32")
NK_MVE_NARROW(nk_mve_narrow_signed_some, NK_MVE_NARROW_SIGNED, "vpst\n", "vstrbt.32")

static inline void nk_mve_narrow_four(const nk_mve_narrow *s, const int8_t *w, const int32_t *scales,
                                      int8_t *y, int32_t lanes, int32_t is_signed) {
  if (is_signed && lanes == 4) {
    nk_mve_narrow_signed(s, w, scales, y, lanes);
  } else if (is_signed) {
    nk_mve_narrow_signed_some(s, w, scales, y, lanes);
  } else if (lanes == 4) {
    nk_mve_narrow_relu(s, w, scales, y, lanes);
  } else {
    nk_mve_narrow_relu_some(s, w, scales, y, lanes);
  }
}

#else

static inline void nk_mve_narrow_four(const nk_mve_narrow *s, const int8_t *w, const int32_t *scales,
                                      int8_t *y, int32_t lanes, int32_t is_signed) {
  for (int32_t p = 0; p < s->pixels; p++, y += s->step) {
    for (int32_t lane = 0; lane < lanes; lane++) {
      const int8_t *taps = w + 32 * (lane & 1) + 16 * (lane >> 1);
      uint32_t sum = (uint32_t)scales[lane];
      for (int32_t i = 0; i < 16; i++) sum += (uint32_t)(s->columns[16 * p + i] * taps[i]);
      const int32_t scaled = nk_mve_scaled1((int32_t)sum, scales[4 + lane], scales[8 + lane], is_signed);
      y[lane] = nk_mve_narrow1(scaled + s->y_zero);
    }
  }
}

#endif

NK_KERNEL void nk_pointwise_narrow_s8_mve(const int8_t *x, const int8_t *w, const int32_t *scales, int8_t *y,
                                          void *scratch, const nk_pointwise_narrow_args *a) {
  int8_t *const columns = scratch;
  int8_t *const start = y;
  nk_mve_narrow s = {columns, 0, a->channels, a->y_zero};
  for (int32_t row = 0; row < a->rows; row++, x += a->row_step) {
    const int8_t *from = x;
    for (int32_t left = a->row_pixels; left > 0; left -= s.pixels) {
      s.pixels = nk_min(left, a->chunk);
      nk_mve_pixels16(columns, from, s.pixels, a->step, a->depth);
      for (int32_t c = 0; c < a->channels; c += 4) {
        nk_mve_narrow_four(&s, w + 16 * c, scales + 3 * c, y + c, nk_min(a->channels - c, 4), a->is_signed);
      }
      from += s.pixels * a->step;
      y += s.pixels * a->channels;
    }
  }
  if (a->narrow) nk_mve_clamp(start, (int32_t)(y - start), a->low, a->high);
}
