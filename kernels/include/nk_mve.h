/* What the Helium kernels share: copies of any length, requantisation of four lanes, exact to the bit.

   Every helper has a twin in C beside it: what the vector code is held against, and what other machines run
   in tests. The loops are assembly because compilers put predicates through core registers and accumulators
   through moves. */
#ifndef NK_MVE_H
#define NK_MVE_H

#include <stdint.h>
#include <string.h>

/* Numbers that requantise four channels, in the order in which `scales` holds them: biases with the input's
   zero point folded in, multipliers, and shifts to the left that are negative. */
#define NK_MVE_SCALES 12

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h> /* stays behind its #if in generated projects: other compilers have no such file */

/* n bytes from `from` to `to`. */
static inline void nk_mve_copy(int8_t *to, const int8_t *from, int32_t n) {
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n"
      "1: vldrb.8 q0, [%[from]], #16\n vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n"
      "2:\n"
      : [to] "+&r"(to), [from] "+&r"(from)
      : [n] "r"(n)
      : "lr", "q0", "memory", "cc");
}

static inline void nk_mve_fill(int8_t *to, int32_t value, int32_t n) {
  __asm__ volatile(
      "vdup.8 q0, %[value]\n wlstp.8 lr, %[n], 2f\n"
      "1: vstrb.8 q0, [%[to]], #16\n letp lr, 1b\n"
      "2:\n"
      : [to] "+&r"(to)
      : [n] "r"(n), [value] "r"(value)
      : "lr", "q0", "memory", "cc");
}

/* n bytes in pieces of 16, each 48 bytes behind the one before. Bytes between are left as they are. */
static inline void nk_mve_spread(int8_t *to, const int8_t *from, int32_t n) {
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n"
      "1: vldrb.8 q0, [%[from]], #16\n vstrb.8 q0, [%[to]], #48\n letp lr, 1b\n"
      "2:\n"
      : [to] "+&r"(to), [from] "+&r"(from)
      : [n] "r"(n)
      : "lr", "q0", "memory", "cc");
}

/* `rows` times n bytes, `line` bytes apart, as nk_mve_spread does it: n is a multiple of 16. */
static inline void nk_mve_spread_rows(int8_t *to, const int8_t *from, int32_t rows, int32_t n, int32_t line) {
  const int8_t *at;
  __asm__ volatile(
      "1: mov %[at], %[from]\n dlstp.8 lr, %[n]\n"
      "2: vldrb.8 q0, [%[at]], #16\n vstrb.8 q0, [%[to]], #48\n letp lr, 2b\n"
      "add %[from], %[from], %[line]\n subs %[rows], %[rows], #1\n bne 1b\n"
      : [to] "+&r"(to), [from] "+&r"(from), [rows] "+&r"(rows), [at] "=&r"(at)
      : [n] "r"(n), [line] "r"(line)
      : "lr", "q0", "memory", "cc");
}

/* The same, row behind row; n is any number. */
static inline void nk_mve_copy_rows(int8_t *to, const int8_t *from, int32_t rows, int32_t n, int32_t line) {
  const int8_t *at;
  int8_t *out;
  __asm__ volatile(
      "1: mov %[at], %[from]\n mov %[out], %[to]\n dlstp.8 lr, %[n]\n"
      "2: vldrb.8 q0, [%[at]], #16\n vstrb.8 q0, [%[out]], #16\n letp lr, 2b\n"
      "add %[from], %[from], %[line]\n add %[to], %[to], %[n]\n subs %[rows], %[rows], #1\n bne 1b\n"
      : [to] "+&r"(to), [from] "+&r"(from), [rows] "+&r"(rows), [at] "=&r"(at), [out] "=&r"(out)
      : [n] "r"(n), [line] "r"(line)
      : "lr", "q0", "memory", "cc");
}

/* `n` pixels of `lanes` channels, `step` bytes apart, 16 bytes of room each, zeros behind
   the channels. */
static inline void nk_mve_pixels16(int8_t *to, const int8_t *from, int32_t n, int32_t step, int32_t lanes) {
  __asm__ volatile(
      "vctp.8 %[lanes]\n wls lr, %[n], 2f\n"
      "1: vpst\n vldrbt.8 q0, [%[from]]\n vstrb.8 q0, [%[to]], #16\n add %[from], %[step]\n le lr, 1b\n"
      "2:\n"
      : [to] "+&r"(to), [from] "+&r"(from)
      : [n] "r"(n), [lanes] "r"(lanes), [step] "r"(step)
      : "lr", "q0", "memory", "cc");
}

/* Lanes 0 and 2, or 1 and 3, of a vector. */
static inline int32x4_t nk_mve_even(int32x4_t v, int32_t a, int32_t b) {
  __asm__("vmov %q[v][2], %q[v][0], %[a], %[b]" : [v] "+&w"(v) : [a] "r"(a), [b] "r"(b));
  return v;
}

static inline int32x4_t nk_mve_odd(int32x4_t v, int32_t a, int32_t b) {
  __asm__("vmov %q[v][3], %q[v][1], %[a], %[b]" : [v] "+&w"(v) : [a] "r"(a), [b] "r"(b));
  return v;
}

/* TFLite's two roundings: VQRDMULH is its doubling high multiplication; VRSHL rounds halves up where TFLite
   rounds them away from zero, so negative values lose one first, which `is_signed` leaves out where the
   activation clamps them. */
static inline int32x4_t nk_mve_scaled(int32x4_t acc, int32x4_t multiplier, int32x4_t shift,
                                      int32_t is_signed) {
  acc = vqrdmulhq_s32(acc, multiplier);
  if (is_signed) acc = vqaddq_s32(acc, vshrq_n_s32(acc, 31));
  return vrshlq_s32(acc, shift);
}

/* The lanes, saturated to int8, into four bytes. VMOV is spared by narrowing in place. */
static inline void nk_mve_store4(int8_t *y, int32x4_t v) {
  __asm__("vqmovnb.s32 %q[v], %q[v]\n vqmovnb.s16 %q[v], %q[v]" : [v] "+&w"(v));
  vstrbq_s32(y, v);
}

/* The first n of them. */
static inline void nk_mve_store_some(int8_t *y, int32x4_t v, int32_t n) {
  __asm__("vqmovnb.s32 %q[v], %q[v]\n vqmovnb.s16 %q[v], %q[v]" : [v] "+&w"(v));
  vstrbq_p_s32(y, v, vctp32q((uint32_t)n));
}

/* 16 numbers plus the zero point, saturated to bytes in order: a holds 0 4 8 12, b 1 5 9 13 and so on. */
static inline int8x16_t nk_mve_narrow16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, int32_t y_zero) {
  __asm__(
      "vqmovnb.s32 %q[a], %q[a]\n vqmovnt.s32 %q[a], %q[c]\n"
      "vqmovnb.s32 %q[b], %q[b]\n vqmovnt.s32 %q[b], %q[d]\n"
      "vqadd.s16 %q[a], %q[a], %[zero]\n vqadd.s16 %q[b], %q[b], %[zero]\n"
      "vqmovnb.s16 %q[a], %q[a]\n vqmovnt.s16 %q[a], %q[b]\n"
      : [a] "+&w"(a), [b] "+&w"(b)
      : [c] "w"(c), [d] "w"(d), [zero] "r"(y_zero));
  return vreinterpretq_s8_s32(a);
}

/* Every byte into low..high. */
static inline void nk_mve_clamp(int8_t *y, int32_t n, int32_t low, int32_t high) {
  __asm__ volatile(
      "vdup.8 q1, %[low]\n vdup.8 q2, %[high]\n wlstp.8 lr, %[n], 2f\n"
      "1: vldrb.8 q0, [%[y]]\n vmax.s8 q0, q0, q1\n vmin.s8 q0, q0, q2\n vstrb.8 q0, [%[y]], #16\n letp lr, "
      "1b\n"
      "2:\n"
      : [y] "+&r"(y)
      : [n] "r"(n), [low] "r"(low), [high] "r"(high)
      : "lr", "q0", "q1", "q2", "memory", "cc");
}

#else

static inline void nk_mve_copy(int8_t *to, const int8_t *from, int32_t n) {
  if (n > 0) memmove(to, from, (size_t)n);
}

static inline void nk_mve_fill(int8_t *to, int32_t value, int32_t n) {
  for (; n > 0; n--) *to++ = (int8_t)value;
}

static inline void nk_mve_spread(int8_t *to, const int8_t *from, int32_t n) {
  for (; n > 0; n -= 16, from += 16, to += 48) memcpy(to, from, (size_t)(n < 16 ? n : 16));
}

static inline void nk_mve_spread_rows(int8_t *to, const int8_t *from, int32_t rows, int32_t n, int32_t line) {
  for (; rows > 0; rows--, from += line, to += 3 * n) nk_mve_spread(to, from, n);
}

static inline void nk_mve_copy_rows(int8_t *to, const int8_t *from, int32_t rows, int32_t n, int32_t line) {
  for (; rows > 0; rows--, from += line, to += n) nk_mve_copy(to, from, n);
}

static inline void nk_mve_pixels16(int8_t *to, const int8_t *from, int32_t n, int32_t step, int32_t lanes) {
  for (; n > 0; n--, from += step, to += 16) {
    memset(to, 0, 16);
    memcpy(to, from, (size_t)lanes);
  }
}

/* One lane: the same steps as the vector's. */
static inline int32_t nk_mve_scaled1(int32_t acc, int32_t multiplier, int32_t shift, int32_t is_signed) {
  int64_t v = ((int64_t)acc * multiplier + (INT64_C(1) << 30)) >> 31;
  if (is_signed && v < 0 && v > INT32_MIN) v--;
  return (int32_t)((v + ((INT64_C(1) << -shift) >> 1)) >> -shift);
}

static inline int8_t nk_mve_narrow1(int32_t v) { return (int8_t)(v < -128 ? -128 : v > 127 ? 127 : v); }

static inline void nk_mve_clamp(int8_t *y, int32_t n, int32_t low, int32_t high) {
  for (; n > 0; n--, y++) *y = (int8_t)(*y < low ? low : *y > high ? high : *y);
}

#endif

#endif
