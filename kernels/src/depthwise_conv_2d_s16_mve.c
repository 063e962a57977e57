/* DEPTHWISE_CONV_2D with multiplier 1, int16 activations, for cores with Helium: eight channels side by side,
   the even ones in one accumulator and the odd ones in another. For eight channels, scales are four biases of
   the even and four of the odd ones, then their multipliers of VRMULH; weights are taps x channels. */
#include "nk_kernels.h"
#include "nk_mve_s16.h"
#include "nk_patch.h"

#if defined(__ARM_FEATURE_MVE)

/* Up to eight channels of a pixel: the taps of `p`, which are `runs` pixels in `rows` rows. */
static inline void nk_mve_eight_s16(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                    int32_t lanes, const nk_patch *p, const nk_conv_s16_mve_args *a) {
  int32x4_t even = vldrwq_s32(scales);
  int32x4_t odd = vldrwq_s32(scales + 4);
  int32_t rows = p->rows;
  if (rows > 0 && p->runs > 0)
    __asm__ volatile(
        "vctp.16 %[lanes]\n"
        "1: dls lr, %[runs]\n"
        "2: vpstt\n vldrht.u16 q0, [%[x]]\n vldrbt.s16 q1, [%[w]]\n add %[x], %[x_run]\n add %[w], %[w_run]\n"
        "vmullb.s16 q2, q0, q1\n vadd.i32 %q[even], %q[even], q2\n"
        "vmullt.s16 q2, q0, q1\n vadd.i32 %q[odd], %q[odd], q2\n le lr, 2b\n"
        "add %[x], %[x_gap]\n add %[w], %[w_gap]\n subs %[rows], #1\n bne 1b\n"
        : [x] "+&r"(x), [w] "+&l"(w), [rows] "+&r"(rows), [even] "+&w"(even), [odd] "+&w"(odd)
        : [runs] "r"(p->runs), [x_run] "r"(2 * p->x_run), [w_run] "r"(a->channels), [lanes] "r"(lanes),
          [x_gap] "r"(2 * (p->x_row - p->runs * p->x_run)), [w_gap] "r"((p->w_row - p->runs) * a->channels)
        : "lr", "q0", "q1", "q2", "memory", "cc");
  even = vrmulhq_s32(even, vldrwq_s32(scales + 8));
  odd = vrmulhq_s32(odd, vldrwq_s32(scales + 12));
  int16x8_t v = vqmovntq_s32(vqmovnbq_s32(vuninitializedq_s16(), even), odd);
  v = vminq_s16(vmaxq_s16(v, vdupq_n_s16((int16_t)a->low)), vdupq_n_s16((int16_t)a->high));
  vstrhq_p_s16(y, v, vctp16q((uint32_t)lanes));
}

#else

static inline void nk_mve_eight_s16(const int16_t *x, const int8_t *w, const int32_t *scales, int16_t *y,
                                    int32_t lanes, const nk_patch *p, const nk_conv_s16_mve_args *a) {
  for (int32_t c = 0; c < lanes; c++) {
    const int32_t *scale = scales + 4 * (c & 1) + (c >> 1);
    int32_t acc = scale[0];
    for (int32_t row = 0; row < p->rows; row++) {
      for (int32_t run = 0; run < p->runs; run++) {
        acc += x[c + row * p->x_row + run * p->x_run] * w[c + (row * p->w_row + run) * a->channels];
      }
    }
    y[c] = (int16_t)nk_clamp(nk_mve_high1(acc, scale[8]), a->low, a->high);
  }
}

#endif

NK_KERNEL void nk_depthwise_conv_2d_s16_mve(const int16_t *x, const int8_t *w, const int32_t *scales,
                                            int16_t *y, const nk_conv_s16_mve_args *a) {
  const int32_t line = a->in_w * a->in_c;
  for (int32_t oy = 0; oy < a->out_h; oy++) {
    const nk_span rows = nk_conv_span(oy * a->stride_h - a->pad_h, 1, a->kernel_h, a->in_h);
    for (int32_t ox = 0; ox < a->out_w; ox++, y += a->channels) {
      const nk_span columns = nk_conv_span(ox * a->stride_w - a->pad_w, 1, a->kernel_w, a->in_w);
      const nk_patch p = nk_conv_patch(rows, columns, line, a->in_c, 1, a->kernel_w, 1, 1);
      for (int32_t c = 0; c < a->channels; c += 8) {
        nk_mve_eight_s16(x + p.x_first + c, w + p.w_first * a->channels + c, scales + 2 * c, y + c,
                         nk_min(a->channels - c, 8), &p, a);
      }
    }
  }
}
