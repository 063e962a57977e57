/* Any function from 8 bits to 8 bits, for cores with Helium: 16 results are gathered from the table at a
 * time. */
#include "nk_kernels.h"
#include "nk_mve.h"

NK_KERNEL void nk_lookup_8_mve(const void *x, const uint8_t *table, void *y, const nk_count_args *a) {
#if defined(__ARM_FEATURE_MVE)
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n"
      "1: vldrb.8 q0, [%[x]], #16\n vldrb.u8 q1, [%[table], q0]\n vstrb.8 q1, [%[y]], #16\n letp lr, 1b\n"
      "2:\n"
      : [x] "+&r"(x), [y] "+&r"(y)
      : [n] "r"(a->count), [table] "r"(table)
      : "lr", "q0", "q1", "memory", "cc");
#else
  const uint8_t *from = x;
  uint8_t *to = y;
  for (int32_t i = 0; i < a->count; i++) to[i] = table[from[i]];
#endif
}
