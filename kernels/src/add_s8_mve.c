/* ADD and SUB of equal shapes, int8, for cores with Helium. The sum is linear in both operands: it is taken
   with one multiplier each, of numbers that are proved at build time to give TFLite's result for every pair
   of bytes. */
#include "nk_kernels.h"
#include "nk_mve.h"

NK_KERNEL void nk_add_s8_mve(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_add_mve_args *a) {
#if defined(__ARM_FEATURE_MVE)
  int8_t *to = y;
  __asm__ volatile(
      "dlstp.32 lr, %[n]\n"
      "1: vldrb.s32 q0, [%[x0]], #4\n vldrb.s32 q1, [%[x1]], #4\n vshl.i32 q0, q0, #24\n vshl.i32 q1, q1, "
      "#24\n"
      "vqrdmulh.s32 q0, q0, %[m0]\n vqrdmulh.s32 q1, q1, %[m1]\n vadd.i32 q0, q0, q1\n vadd.i32 q0, q0, "
      "%[add]\n"
      "vshl.s32 q0, %[shift]\n vqmovnb.s32 q0, q0\n vqmovnb.s16 q0, q0\n vstrb.32 q0, [%[y]], #4\n"
      "letp lr, 1b\n"
      : [x0] "+&l"(x0), [x1] "+&l"(x1), [y] "+&l"(to)
      : [n] "r"(a->count), [m0] "r"(a->multiplier_0), [m1] "r"(a->multiplier_1), [add] "r"(a->addend),
        [shift] "r"(-a->shift)
      : "lr", "q0", "q1", "memory", "cc");
#else
  for (int32_t i = 0; i < a->count; i++) {
    const int64_t first = ((int64_t)x0[i] * a->multiplier_0 + 64) >> 7;
    const int64_t second = ((int64_t)x1[i] * a->multiplier_1 + 64) >> 7;
    y[i] = nk_mve_narrow1((int32_t)((first + second + a->addend) >> a->shift));
  }
#endif
  if (a->narrow) nk_mve_clamp(y, a->count, a->low, a->high);
}
