/* Semihosting calls as "Semihosting for AArch32 and AArch64" and the RISC-V semihosting document define them.
 */
#include "semihost.h"

#include <stdint.h>

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static uintptr_t semihost(uintptr_t operation, const void *argument) {
#if defined(__arm__)
  register uintptr_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
#elif defined(__riscv)
  register uintptr_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = argument;
  /* The three instructions must be uncompressed and adjacent: the debugger looks for them. */
  __asm__ volatile(
      ".option push\n.option norvc\n"
      "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
#else
#error "no semihosting for this architecture"
#endif
}

void sh_puts(const char *text) { (void)semihost(SYS_WRITE0, text); }

void sh_exit(int code) {
  const uintptr_t block[2] = {APPLICATION_EXIT, (uintptr_t)code};
  for (;;) {
    (void)semihost(SYS_EXIT_EXTENDED, block);
  }
}
