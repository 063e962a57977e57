/* The inner loops of nk_triples_s8.h: sums of weights times columns. */
#ifndef NK_DOT_TRIPLES_S8_H
#define NK_DOT_TRIPLES_S8_H

#include <stdint.h>

#if defined(__riscv) && __riscv_xlen == 32 && defined(__riscv_mul)

/* Eight channels fill the registers. Bytes are loaded: they cost no more than the word and need no shifts.
   a0 columns, a1 weights, a2 where the columns end, a3 the other four channels' weights; sums in t0-t6 and
   s0-s8. */
#define NK_TRIPLE_CHANNELS 8

#define NK_TRIPLE(v, first, second)                                                                          \
  "mul a7, " v ", a4\n mul " v ", " v ", a5\n add " first ", " first ", a7\n add " second ", " second ", " v \
  "\n"
#define NK_TRIPLE_PAIR(w, i, j, a, b, c, d) \
  "lb a6, " i "(" w ")\n lb s9, " j "(" w ")\n" NK_TRIPLE("a6", a, b) NK_TRIPLE("s9", c, d)
#define NK_TRIPLE_FOUR(x, y, i, j, k, l)                                                     \
  "lw a4, " x "(a0)\n lw a5, " y "(a0)\n" NK_TRIPLE_PAIR("a1", i, j, "t0", "t1", "t2", "t3") \
      NK_TRIPLE_PAIR("a1", k, l, "t4", "t5", "t6", "s0")
#define NK_TRIPLE_EIGHT(x, y, i, j, k, l) \
  NK_TRIPLE_FOUR(x, y, i, j, k, l)        \
  NK_TRIPLE_PAIR("a3", i, j, "s1", "s2", "s3", "s4") NK_TRIPLE_PAIR("a3", k, l, "s5", "s6", "s7", "s8")
#define NK_TRIPLE_CLEAR \
  "li t0, 0\n li t1, 0\n li t2, 0\n li t3, 0\n li t4, 0\n li t5, 0\n li t6, 0\n li s0, 0\n"
#define NK_TRIPLE_STORE                                                                                  \
  "sw t0, 0(a4)\n sw t1, 4(a4)\n sw t2, 8(a4)\n sw t3, 12(a4)\n sw t4, 16(a4)\n sw t5, 20(a4)\n sw t6, " \
  "24(a4)\n"                                                                                             \
  "sw s0, 28(a4)\n"

__attribute__((naked, noinline)) static void nk_dot_triples8(__attribute__((unused)) const uint32_t *x,
                                                             __attribute__((unused)) const int32_t *w,
                                                             __attribute__((unused)) const uint32_t *end,
                                                             __attribute__((unused)) const int32_t *others,
                                                             __attribute__((unused)) uint32_t *t) {
  __asm__ volatile(
      "addi sp, sp, -48\n sw s0, 0(sp)\n sw s1, 4(sp)\n sw s2, 8(sp)\n sw s3, 12(sp)\n sw s4, 16(sp)\n"
      "sw s5, 20(sp)\n sw s6, 24(sp)\n sw s7, 28(sp)\n sw s8, 32(sp)\n sw s9, 36(sp)\n sw a4, 40(sp)\n" NK_TRIPLE_CLEAR
      "li s1, 0\n li s2, 0\n li s3, 0\n li s4, 0\n li s5, 0\n li s6, 0\n li s7, 0\n li s8, 0\n"
      "1:\n" NK_TRIPLE_EIGHT("0", "4", "0", "1", "2", "3") NK_TRIPLE_EIGHT("8", "12", "4", "5", "6", "7")
      NK_TRIPLE_EIGHT("16", "20", "8", "9", "10", "11") NK_TRIPLE_EIGHT("24", "28", "12", "13", "14", "15")
      "addi a0, a0, 32\n addi a1, a1, 16\n addi a3, a3, 16\n bne a0, a2, 1b\n"
      "lw a4, 40(sp)\n" NK_TRIPLE_STORE
      "sw s1, 32(a4)\n sw s2, 36(a4)\n sw s3, 40(a4)\n sw s4, 44(a4)\n sw s5, 48(a4)\n sw s6, 52(a4)\n"
      "sw s7, 56(a4)\n sw s8, 60(a4)\n"
      "lw s0, 0(sp)\n lw s1, 4(sp)\n lw s2, 8(sp)\n lw s3, 12(sp)\n lw s4, 16(sp)\n"
      "lw s5, 20(sp)\n lw s6, 24(sp)\n lw s7, 28(sp)\n lw s8, 32(sp)\n lw s9, 36(sp)\n addi sp, sp, 48\n ret\n");
}

__attribute__((naked, noinline)) static void nk_dot_triples4(__attribute__((unused)) const uint32_t *x,
                                                             __attribute__((unused)) const int32_t *w,
                                                             __attribute__((unused)) const uint32_t *end,
                                                             __attribute__((unused)) uint32_t *t) {
  __asm__ volatile("addi sp, sp, -16\n sw s0, 0(sp)\n sw s9, 4(sp)\n" NK_TRIPLE_CLEAR
                   "1:\n" NK_TRIPLE_FOUR("0", "4", "0", "1", "2", "3") NK_TRIPLE_FOUR(
                       "8", "12", "4", "5", "6",
                       "7") "addi a0, a0, 16\n addi a1, a1, 8\n bne a0, a2, 1b\n mv a4, a3\n" NK_TRIPLE_STORE
                            "lw s0, 0(sp)\n lw s9, 4(sp)\n addi sp, sp, 16\n ret\n");
}

static inline void nk_dot_triples(const uint32_t *x, const int32_t *w, int32_t n, int32_t depth,
                                  int32_t channels, uint32_t t[16]) {
  if (channels > 4) {
    nk_dot_triples8(x, w, x + 2 * n, w + depth, t);
  } else {
    nk_dot_triples4(x, w, x + 2 * n, t);
  }
}

#else

#define NK_TRIPLE_CHANNELS 4

#if defined(__ARM_ARCH_7M__)

/* Four channels fill the registers. r0 columns, r1 weights, r2 and r3 the words of an input, sums in r4-r11,
   r12 where the columns end. */
#define NK_TRIPLE(i, first, second) \
  "ldrsb lr, [r1, #" i "]\n mla " first ", lr, r2, " first "\n mla " second ", lr, r3, " second "\n"
#define NK_TRIPLE_FOUR(i, j, k, l)                                                                 \
  "ldm r0!, {r2, r3}\n" NK_TRIPLE(i, "r4", "r5") NK_TRIPLE(j, "r6", "r7") NK_TRIPLE(k, "r8", "r9") \
      NK_TRIPLE(l, "r10", "r11")

__attribute__((naked, noinline)) static void nk_dot_triples4(__attribute__((unused)) const uint32_t *x,
                                                             __attribute__((unused)) const int32_t *w,
                                                             __attribute__((unused)) const uint32_t *end,
                                                             __attribute__((unused)) uint32_t *t) {
  __asm__ volatile(
      ".syntax unified\n push {r3-r11, lr}\n mov r12, r2\n movs r4, #0\n movs r5, #0\n movs r6, #0\n"
      "movs r7, #0\n mov r8, r4\n mov r9, r4\n mov r10, r4\n mov r11, r4\n"
      "1:\n" NK_TRIPLE_FOUR("0", "1", "2", "3") NK_TRIPLE_FOUR("4", "5", "6", "7")
      NK_TRIPLE_FOUR("8", "9", "10", "11") NK_TRIPLE_FOUR("12", "13", "14", "15")
      "adds r1, #16\n cmp r0, r12\n bne 1b\n"
      "pop {r3}\n stm r3, {r4-r11}\n pop {r4-r11, pc}\n");
}

#elif defined(__ARM_ARCH_6M__)

/* The compilers keep only the eight low registers busy; here sums live in the high ones. r0 columns, r1
   weights, r2 where the columns end, r3 four words {A, B} of two channels. */
#define NK_TRIPLE(first, second)               \
  "movs r6, r5\n muls r6, r2, r6\n add " first \
  ", r6\n"                                     \
  "muls r5, r3, r5\n add " second ", r5\n"
#define NK_TRIPLE_LOW                                                \
  "ldmia r0!, {r2, r3}\n ldmia r1!, {r4}\n sxtb r5, r4\n" NK_TRIPLE( \
      "r8", "r9") "lsls r4, r4, #16\n asrs r5, r4, #24\n" NK_TRIPLE("r10", "r11")
#define NK_TRIPLE_HIGH                                                    \
  "ldmia r0!, {r2, r3}\n ldmia r1!, {r4}\n asrs r5, r4, #24\n" NK_TRIPLE( \
      "r10", "r11") "lsls r4, r4, #8\n asrs r5, r4, #24\n" NK_TRIPLE("r8", "r9")
#define NK_TRIPLE_FUNCTION(name, step)                                                                     \
  __attribute__((naked, noinline)) static void name(                                                       \
      __attribute__((unused)) const uint32_t *x, __attribute__((unused)) const int32_t *w,                 \
      __attribute__((unused)) const uint32_t *end, __attribute__((unused)) uint32_t *t) {                  \
    __asm__ volatile(                                                                                      \
        ".syntax unified\n push {r4-r7, lr}\n mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n push " \
        "{r3-r7}\n"                                                                                        \
        "mov r12, r2\n movs r2, #0\n mov r8, r2\n mov r9, r2\n mov r10, r2\n mov r11, r2\n"                \
        "1:\n" step step step step                                                                         \
        "cmp r0, r12\n bne 1b\n"                                                                           \
        "pop {r2}\n mov r4, r8\n mov r5, r9\n mov r6, r10\n mov r7, r11\n stmia r2!, {r4-r7}\n"            \
        "pop {r4-r7}\n mov r8, r4\n mov r9, r5\n mov r10, r6\n mov r11, r7\n pop {r4-r7, pc}\n");          \
  }
NK_TRIPLE_FUNCTION(nk_dot_triples_low, NK_TRIPLE_LOW)
NK_TRIPLE_FUNCTION(nk_dot_triples_high, NK_TRIPLE_HIGH)

#else

/* Sums of products of the two channels whose weights lie `up` and `up` - 8 bits below the top. */
static inline void nk_dot_triples2(const uint32_t *x, const int32_t *w, const uint32_t *end, uint32_t t[4],
                                   int32_t up) {
  uint32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0;
  for (; x != end; x += 2, w++) {
    const uint32_t v = (uint32_t)((int32_t)((uint32_t)*w << up) >> 24);
    a0 += v * x[0], b0 += v * x[1];
    const uint32_t u = (uint32_t)((int32_t)((uint32_t)*w << (up - 8)) >> 24);
    a1 += u * x[0], b1 += u * x[1];
  }
  t[0] = a0, t[1] = b0, t[2] = a1, t[3] = b1;
}

static inline void nk_dot_triples_low(const uint32_t *x, const int32_t *w, const uint32_t *end,
                                      uint32_t t[4]) {
  nk_dot_triples2(x, w, end, t, 24);
}

static inline void nk_dot_triples_high(const uint32_t *x, const int32_t *w, const uint32_t *end,
                                       uint32_t t[4]) {
  nk_dot_triples2(x, w, end, t, 8);
}

#endif

/* {A, B} words of up to four channels; n is a multiple of 4. */
static inline void nk_dot_triples(const uint32_t *x, const int32_t *w, int32_t n, int32_t depth,
                                  int32_t channels, uint32_t t[8]) {
  (void)depth;
#if defined(__ARM_ARCH_7M__)
  (void)channels;
  nk_dot_triples4(x, w, x + 2 * n, t);
#else
  nk_dot_triples_low(x, w, x + 2 * n, t);
  if (channels > 2) nk_dot_triples_high(x, w, x + 2 * n, t + 4);
#endif
}

#endif

#endif
