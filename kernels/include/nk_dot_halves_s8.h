/* Six pixels, two in a word, times two channels of packed weights (nk_halves_packed_s8.h). A unit holds four
   inputs' weights of both channels (nk_dot_packed_s8.h). Words of the first channel's sums come first. */
#ifndef NK_DOT_HALVES_S8_H
#define NK_DOT_HALVES_S8_H

#include "nk_dot_packed_s8.h"

#define NK_HALVES_START UINT32_C(0x80008000)

#if defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy; here sums live in the high ones. r0 columns, r7
   units, r4 one of them, r5 a weight; sp+0 where the columns end, sp+4 where the sums go. The second
   channel's products take the place of the inputs. */
#define NK_HALVES_INPUT(bits, top)                                                            \
  "ldmia r0!, {r1, r2, r3}\n asrs r5, r4, #" top                                              \
  "\n"                                                                                        \
  "movs r6, r5\n muls r6, r1, r6\n add r8, r6\n movs r6, r5\n muls r6, r2, r6\n add r9, r6\n" \
  "muls r5, r3, r5\n add r10, r5\n lsls r4, r4, #" bits "\n asrs r5, r4, #" top               \
  "\n"                                                                                        \
  "muls r1, r5, r1\n add r11, r1\n muls r2, r5, r2\n add r12, r2\n muls r3, r5, r3\n add lr, r3\n"
#define NK_HALVES_NEXT(bits) "lsls r4, r4, #" bits "\n"
#define NK_HALVES_FOUR(bits, top) \
  NK_HALVES_INPUT(bits, top)      \
  NK_HALVES_NEXT(bits)            \
  NK_HALVES_INPUT(bits, top)      \
  NK_HALVES_NEXT(bits) NK_HALVES_INPUT(bits, top) NK_HALVES_NEXT(bits) NK_HALVES_INPUT(bits, top)
#define NK_HALVES_FUNCTION(name, unit, step)                                                         \
  __attribute__((naked, noinline, unused)) static void name(                                         \
      __attribute__((unused)) const uint32_t *x, __attribute__((unused)) const unit *w,              \
      __attribute__((unused)) const uint32_t *end, __attribute__((unused)) uint32_t *t) {            \
    __asm__ volatile(                                                                                \
        ".syntax unified\n push {r4-r7, lr}\n mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n" \
        "push {r2-r7}\n mov r7, r1\n movs r5, #128\n lsls r5, r5, #8\n lsls r6, r5, #16\n"           \
        "adds r5, r5, r6\n mov r8, r5\n mov r9, r5\n mov r10, r5\n mov r11, r5\n mov r12, r5\n"      \
        "mov lr, r5\n"                                                                               \
        "1:\n" step                                                                                  \
        "ldr r5, [sp]\n cmp r0, r5\n bne 1b\n ldr r2, [sp, #4]\n"                                    \
        "mov r3, r8\n mov r4, r9\n mov r5, r10\n stmia r2!, {r3-r5}\n"                               \
        "mov r3, r11\n mov r4, r12\n mov r5, lr\n stmia r2!, {r3-r5}\n"                              \
        "add sp, #8\n pop {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n"           \
        "pop {r4-r7, pc}\n");                                                                        \
  }
NK_HALVES_FUNCTION(nk_dot_halves_w4, int32_t, "ldmia r7!, {r4}\n" NK_HALVES_FOUR("4", "28"))
NK_HALVES_FUNCTION(nk_dot_halves_w2, int16_t,
                   "ldrh r4, [r7]\n adds r7, #2\n lsls r4, r4, #16\n" NK_HALVES_FOUR("2", "30"))
#define NK_HALVES_WRITTEN 1

#elif defined(__thumb2__)

/* r0 columns, r1 units, lr one of them, r10 a weight, r11 where the columns end; sums in r4-r9. */
#define NK_HALVES_INPUT(bits, first, second)                                                                \
  "ldm r0!, {r2, r3, r12}\n sbfx r10, lr, #" first ", #" bits                                               \
  "\n mla r4, r10, r2, r4\n mla r5, r10, r3, r5\n mla r6, r10, r12, r6\n sbfx r10, lr, #" second ", #" bits \
  "\n mla r7, r10, r2, r7\n mla r8, r10, r3, r8\n mla r9, r10, r12, r9\n"
#define NK_HALVES_FUNCTION(name, unit, step)                                                        \
  __attribute__((naked, noinline, unused)) static void name(                                        \
      __attribute__((unused)) const uint32_t *x, __attribute__((unused)) const unit *w,             \
      __attribute__((unused)) const uint32_t *end, __attribute__((unused)) uint32_t *t) {           \
    __asm__ volatile(                                                                               \
        ".syntax unified\n push {r3-r11, lr}\n mov r11, r2\n movw r4, #0x8000\n movt r4, #0x8000\n" \
        "mov r5, r4\n mov r6, r4\n mov r7, r4\n mov r8, r4\n mov r9, r4\n"                          \
        "1:\n" step "cmp r0, r11\n bne 1b\n pop {r3}\n stm r3, {r4-r9}\n pop {r4-r11, pc}\n");      \
  }
NK_HALVES_FUNCTION(nk_dot_halves_w4, int32_t,
                   "ldr lr, [r1], #4\n" NK_HALVES_INPUT("4", "28", "24") NK_HALVES_INPUT("4", "20", "16")
                       NK_HALVES_INPUT("4", "12", "8") NK_HALVES_INPUT("4", "4", "0"))
NK_HALVES_FUNCTION(nk_dot_halves_w2, int16_t,
                   "ldrh lr, [r1], #2\n" NK_HALVES_INPUT("2", "14", "12") NK_HALVES_INPUT("2", "10", "8")
                       NK_HALVES_INPUT("2", "6", "4") NK_HALVES_INPUT("2", "2", "0"))
#define NK_HALVES_WRITTEN 1

#endif

#if defined(NK_HALVES_WRITTEN)

/* Six words of two channels whose units begin at number `at`, from n inputs, a multiple of four. */
static inline void nk_dot_halves(const uint32_t *x, const void *w, int32_t at, int32_t n, uint32_t *t,
                                 int32_t bits) {
  if (bits == 4) {
    nk_dot_halves_w4(x, (const int32_t *)w + at, x + 3 * n, t);
  } else {
    nk_dot_halves_w2(x, (const int16_t *)w + at, x + 3 * n, t);
  }
}

#else

/* Six words of two channels whose units begin at number `at`, from n inputs, a multiple of four. */
static inline void nk_dot_halves(const uint32_t *x, const void *w, int32_t at, int32_t n, uint32_t *t,
                                 int32_t bits) {
  uint32_t a0 = NK_HALVES_START, a1 = a0, a2 = a0, b0 = a0, b1 = a0, b2 = a0;
  for (const uint32_t *const end = x + 3 * n; x != end; at++) {
    uint32_t unit = nk_packed_unit(w, at, bits);
    for (int32_t i = 0; i < 4; i++, x += 3, unit <<= 2 * bits) {
      const uint32_t v = (uint32_t)nk_packed_first(unit, bits);
      a0 += v * x[0], a1 += v * x[1], a2 += v * x[2];
      const uint32_t u = (uint32_t)nk_packed_first(unit << bits, bits);
      b0 += u * x[0], b1 += u * x[1], b2 += u * x[2];
    }
  }
  t[0] = a0, t[1] = a1, t[2] = a2, t[3] = b0, t[4] = b1, t[5] = b2;
}

#endif

#endif
