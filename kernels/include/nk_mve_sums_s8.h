/* Sums and maxima of 16 channels over the pixels of a rectangle, for cores with Helium. */
#ifndef NK_MVE_SUMS_S8_H
#define NK_MVE_SUMS_S8_H

#include "nk_fixed_point.h"
#include "nk_mve.h"

/* `rows` times `columns` pixels, `step` bytes apart; `gap` bytes from behind a row to the next. */
typedef struct nk_mve_pixels {
  int32_t rows;
  int32_t columns;
  int32_t step;
  int32_t gap;
} nk_mve_pixels;

/* The part of a pooling window that lies in the image, rows without a gap being one row. */
static inline nk_mve_pixels nk_mve_rectangle(int32_t rows, int32_t columns, int32_t in_w, int32_t channels) {
  if (columns == in_w) return (nk_mve_pixels){1, rows * columns, channels, 0};
  return (nk_mve_pixels){rows, columns, channels, (in_w - columns) * channels};
}

#if defined(__ARM_FEATURE_MVE)

/* The first `lanes` channels' largest bytes. */
static inline void nk_mve_max_pixels(const int8_t *x, int8_t *y, const nk_mve_pixels *p, int32_t lanes) {
  int32_t rows = p->rows;
  __asm__ volatile(
      "vctp.8 %[lanes]\n vmov.i8 q0, #0x80\n"
      "1: dls lr, %[columns]\n"
      "2: vpst\n vldrbt.8 q1, [%[x]]\n add %[x], %[step]\n vmax.s8 q0, q0, q1\n le lr, 2b\n"
      "add %[x], %[gap]\n subs %[rows], #1\n bne 1b\n vpst\n vstrbt.8 q0, [%[y]]\n"
      : [x] "+&r"(x), [rows] "+&r"(rows)
      : [y] "r"(y), [columns] "r"(p->columns), [step] "r"(p->step), [gap] "r"(p->gap), [lanes] "r"(lanes)
      : "lr", "q0", "q1", "memory", "cc");
}

/* Channels 0 4 8 12 in a, 1 5 9 13 in b, 2 6 10 14 in c, 3 7 11 15 in d. */
typedef struct nk_mve_sums {
  int32x4_t a;
  int32x4_t b;
  int32x4_t c;
  int32x4_t d;
} nk_mve_sums;

/* Sums of the first `lanes` channels; at most 255 pixels, which fit halfwords. */
static inline nk_mve_sums nk_mve_sum_pixels(const int8_t *x, const nk_mve_pixels *p, int32_t lanes) {
  int32_t rows = p->rows;
  int16x8_t even = vdupq_n_s16(0);
  int16x8_t odd = vdupq_n_s16(0);
  __asm__ volatile(
      "vctp.8 %[lanes]\n"
      "1: dls lr, %[columns]\n"
      "2: vpst\n vldrbt.8 q0, [%[x]]\n add %[x], %[step]\n vmovlb.s8 q1, q0\n vadd.i16 %q[even], %q[even], "
      "q1\n"
      "vmovlt.s8 q0, q0\n vadd.i16 %q[odd], %q[odd], q0\n le lr, 2b\n"
      "add %[x], %[gap]\n subs %[rows], #1\n bne 1b\n"
      : [x] "+&r"(x), [rows] "+&r"(rows), [even] "+&w"(even), [odd] "+&w"(odd)
      : [columns] "r"(p->columns), [step] "r"(p->step), [gap] "r"(p->gap), [lanes] "r"(lanes)
      : "lr", "q0", "q1", "memory", "cc");
  return (nk_mve_sums){vmovlbq_s16(even), vmovlbq_s16(odd), vmovltq_s16(even), vmovltq_s16(odd)};
}

static inline nk_mve_sums nk_mve_add_sums(nk_mve_sums s, nk_mve_sums more) {
  return (nk_mve_sums){vaddq_s32(s.a, more.a), vaddq_s32(s.b, more.b), vaddq_s32(s.c, more.c),
                       vaddq_s32(s.d, more.d)};
}

/* sum / taps, rounded to nearest, halves away from zero; `reciprocal` is 2^31 / taps, rounded up. */
static inline int32x4_t nk_mve_average(int32x4_t sum, int32_t half, uint32_t reciprocal) {
  const int32x4_t sign = vshrq_n_s32(sum, 31);
  const uint32x4_t size = vreinterpretq_u32_s32(vaddq_n_s32(vabsq_s32(sum), half));
  const uint32x4_t quotient = vmulhq_u32(vshlq_n_u32(size, 1), vdupq_n_u32(reciprocal));
  return vsubq_s32(veorq_s32(vreinterpretq_s32_u32(quotient), sign), sign);
}

static inline void nk_mve_average_pixels(const int8_t *x, int8_t *y, const nk_mve_pixels *p, int32_t lanes,
                                         int32_t half, uint32_t reciprocal) {
  const nk_mve_sums s = nk_mve_sum_pixels(x, p, lanes);
  const int8x16_t v =
      nk_mve_narrow16(nk_mve_average(s.a, half, reciprocal), nk_mve_average(s.b, half, reciprocal),
                      nk_mve_average(s.c, half, reciprocal), nk_mve_average(s.d, half, reciprocal), 0);
  vstrbq_p_s8(y, v, vctp8q((uint32_t)lanes));
}

/* TFLite's requantisation, by a multiplier and a shift of either direction. */
static inline int32x4_t nk_mve_requantized(int32x4_t v, int32_t offset, int32_t multiplier, int32_t shift) {
  v = vsubq_n_s32(v, offset);
  if (shift > 0) v = vshlq_r_s32(v, shift);
  v = vqrdmulhq_n_s32(v, multiplier);
  if (shift < 0) v = vrshlq_n_s32(vqaddq_s32(v, vshrq_n_s32(v, 31)), shift);
  return v;
}

/* The first `lanes` channels of `count` pixels: added up, `offset` taken off, scaled, `zero` added. */
static inline void nk_mve_scaled_sums(const int8_t *x, int8_t *y, int32_t count, int32_t step, int32_t lanes,
                                      const int32_t offset, int32_t multiplier, int32_t shift, int32_t zero) {
  const int32x4_t none = vdupq_n_s32(0);
  nk_mve_sums s = {none, none, none, none};
  for (int32_t left = count; left > 0; left -= 255, x += 255 * step) {
    const nk_mve_pixels part = {1, nk_min(left, 255), step, 0};
    s = nk_mve_add_sums(s, nk_mve_sum_pixels(x, &part, lanes));
  }
  const int8x16_t v = nk_mve_narrow16(nk_mve_requantized(s.a, offset, multiplier, shift),
                                      nk_mve_requantized(s.b, offset, multiplier, shift),
                                      nk_mve_requantized(s.c, offset, multiplier, shift),
                                      nk_mve_requantized(s.d, offset, multiplier, shift), zero);
  vstrbq_p_s8(y, v, vctp8q((uint32_t)lanes));
}

#else

static inline void nk_mve_max_pixels(const int8_t *x, int8_t *y, const nk_mve_pixels *p, int32_t lanes) {
  for (int32_t c = 0; c < lanes; c++) {
    int32_t best = INT8_MIN;
    for (int32_t i = 0; i < p->rows * p->columns; i++) {
      best = nk_max(best, x[c + i * p->step + i / p->columns * p->gap]);
    }
    y[c] = (int8_t)best;
  }
}

static inline int32_t nk_mve_sum1(const int8_t *x, const nk_mve_pixels *p) {
  int32_t sum = 0;
  for (int32_t i = 0; i < p->rows * p->columns; i++) sum += x[i * p->step + i / p->columns * p->gap];
  return sum;
}

static inline void nk_mve_average_pixels(const int8_t *x, int8_t *y, const nk_mve_pixels *p, int32_t lanes,
                                         int32_t half, uint32_t reciprocal) {
  for (int32_t c = 0; c < lanes; c++) {
    const int32_t sum = nk_mve_sum1(x + c, p);
    const uint64_t twice = 2U * (uint64_t)((sum < 0 ? -sum : sum) + half);
    const int32_t quotient = (int32_t)((twice * reciprocal) >> 32);
    y[c] = nk_mve_narrow1(sum < 0 ? -quotient : quotient);
  }
}

static inline void nk_mve_scaled_sums(const int8_t *x, int8_t *y, int32_t count, int32_t step, int32_t lanes,
                                      int32_t offset, int32_t multiplier, int32_t shift, int32_t zero) {
  const nk_mve_pixels all = {1, count, step, 0};
  for (int32_t c = 0; c < lanes; c++) {
    y[c] = nk_mve_narrow1(nk_requantize(nk_mve_sum1(x + c, &all) - offset, multiplier, shift) + zero);
  }
}

#endif

#endif
