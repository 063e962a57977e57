/* Four bytes of a word at once, on cores with the DSP extension and anywhere else: sums and maxima over
 * pixels. */
#ifndef NK_BYTES_S8_H
#define NK_BYTES_S8_H

#include <stdint.h>
#include <string.h>

static inline uint32_t nk_load_word(const int8_t *x) {
  uint32_t word;
  memcpy(&word, x, 4);
  return word;
}

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)

/* Bytes 0 and 2 of a word added to the halfwords of a sum. */
static inline uint32_t nk_add_even_s8(uint32_t sums, uint32_t word) {
  __asm__("sxtab16 %0, %0, %1" : "+r"(sums) : "r"(word));
  return sums;
}

/* Bytes 1 and 3. */
static inline uint32_t nk_add_odd_s8(uint32_t sums, uint32_t word) {
  __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sums) : "r"(word));
  return sums;
}

/* The larger of each pair of bytes. */
static inline uint32_t nk_larger_s8x4(uint32_t a, uint32_t b) {
  uint32_t larger;
  __asm__("ssub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
  return larger;
}

#else

static inline uint32_t nk_add_even_s8(uint32_t sums, uint32_t word) {
  const int32_t low = (int32_t)(sums & 0xFFFFU) + (int8_t)(word & 0xFFU);
  const int32_t high = (int32_t)(sums >> 16) + (int8_t)((word >> 16) & 0xFFU);
  return ((uint32_t)low & 0xFFFFU) | ((uint32_t)high << 16);
}

static inline uint32_t nk_add_odd_s8(uint32_t sums, uint32_t word) { return nk_add_even_s8(sums, word >> 8); }

static inline uint32_t nk_larger_s8x4(uint32_t a, uint32_t b) {
  uint32_t larger = 0;
  for (uint32_t shift = 0; shift < 32; shift += 8) {
    const int8_t left = (int8_t)((a >> shift) & 0xFFU);
    const int8_t right = (int8_t)((b >> shift) & 0xFFU);
    larger |= (uint32_t)(uint8_t)(left > right ? left : right) << shift;
  }
  return larger;
}

#endif

/* Sums of four channels in halfwords: channels 0 and 2, channels 1 and 3. */
typedef struct nk_sums4 {
  uint32_t even;
  uint32_t odd;
} nk_sums4;

static inline int32_t nk_sum_of(const nk_sums4 *s, int32_t channel) {
  const uint32_t pair = (channel & 1) != 0 ? s->odd : s->even;
  return (int16_t)(channel > 1 ? pair >> 16 : pair & 0xFFFFU);
}

/* Adds `n` pixels, `step` bytes apart; 255 pixels fit. */
static inline nk_sums4 nk_add_pixels(nk_sums4 s, const int8_t *x, int32_t step, int32_t n) {
  for (; n >= 4; n -= 4, x += 4 * step) {
    const uint32_t a = nk_load_word(x);
    const uint32_t b = nk_load_word(x + step);
    const uint32_t c = nk_load_word(x + 2 * step);
    const uint32_t d = nk_load_word(x + 3 * step);
    s.even = nk_add_even_s8(nk_add_even_s8(nk_add_even_s8(nk_add_even_s8(s.even, a), b), c), d);
    s.odd = nk_add_odd_s8(nk_add_odd_s8(nk_add_odd_s8(nk_add_odd_s8(s.odd, a), b), c), d);
  }
  for (; n > 0; n--, x += step) {
    const uint32_t a = nk_load_word(x);
    s.even = nk_add_even_s8(s.even, a);
    s.odd = nk_add_odd_s8(s.odd, a);
  }
  return s;
}

#endif
