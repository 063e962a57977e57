/* QUANTIZE, float32 to int8, for cores with Helium: quotients are taken and rounded one by one (VCVTA rounds
   halves away from zero and saturates), the rest is done by four. A NaN becomes the lowest value: its bits
   without the sign are above infinity's. No vector of floats takes part, so that a core without them will do.
 */
#include "nk_elementwise.h"
#include "nk_kernels.h"
#include "nk_mve.h"

NK_KERNEL void nk_quantize_f32_s8_mve(const float *x, int8_t *y, const nk_quantize_f32_args *a) {
#if defined(__ARM_FEATURE_MVE)
  __asm__ volatile(
      "vmov s12, %[scale]\n wlstp.32 lr, %[n], 2f\n"
      "1: vldrw.32 q0, [%[x]], #16\n"
      "vdiv.f32 s0, s0, s12\n vdiv.f32 s1, s1, s12\n vdiv.f32 s2, s2, s12\n vdiv.f32 s3, s3, s12\n"
      "vshl.i32 q1, q0, #1\n vcvta.s32.f32 s0, s0\n vcvta.s32.f32 s1, s1\n vcvta.s32.f32 s2, s2\n"
      "vcvta.s32.f32 s3, s3\n vpt.u32 hi, q1, %[infinity]\n vdupt.32 q0, %[lowest]\n"
      "vqadd.s32 q0, q0, %[zero]\n vqmovnb.s32 q0, q0\n vqmovnb.s16 q0, q0\n vstrb.32 q0, [%[y]], #4\n letp "
      "lr, 1b\n"
      "2:\n"
      : [x] "+&l"(x), [y] "+&l"(y)
      : [n] "r"(a->count), [scale] "r"(a->scale), [lowest] "r"(INT32_MIN), [zero] "r"(a->zero_point),
        [infinity] "r"(0xFF000000U)
      : "lr", "q0", "q1", "q3", "memory", "cc");
#else
  for (int32_t i = 0; i < a->count; i++) y[i] = (int8_t)nk_quantize_element(x[i], a);
#endif
}
