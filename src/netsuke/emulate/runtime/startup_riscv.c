/* Reset of a RISC-V core: stack, traps, .data and .bss, main, and its result as the exit code. */
#include <stdint.h>

#include "semihost.h"

/* Defined by the linker script; only their addresses mean something. */
extern uint32_t nk_data_load[], nk_data_start[], nk_data_end[], nk_bss_start[], nk_bss_end[];
#if defined(NK_COPY_WEIGHTS)
extern uint32_t nk_weights_load[], nk_weights_start[], nk_weights_end[];
#endif

int main(void);
_Noreturn void nk_start(void);
_Noreturn void nk_fault(void);

enum { FAULT_CODE = 99 };

/* Entry: no stack yet, so no C. */
__attribute__((naked, used, section(".vectors"))) void Reset_Handler(void) {
  __asm__ volatile(
      "la sp, nk_stack_top\n"
      "la t0, nk_fault\n"
      ".insn i 0x73, 1, x0, t0, 0x305\n" /* csrw mtvec, t0: no Zicsr needed to assemble it */
      "j nk_start");
}

__attribute__((used)) void nk_start(void) {
  const uint32_t *from = nk_data_load;
  for (uint32_t *to = nk_data_start; to < nk_data_end; to++) {
    *(volatile uint32_t *)to = *from++;
  }
#if defined(NK_COPY_WEIGHTS)
  from = nk_weights_load;
  for (uint32_t *to = nk_weights_start; to < nk_weights_end; to++) {
    *(volatile uint32_t *)to = *from++;
  }
#endif
  for (uint32_t *to = nk_bss_start; to < nk_bss_end; to++) {
    *(volatile uint32_t *)to = 0u;
  }
  sh_exit(main());
}

__attribute__((used, aligned(4))) void nk_fault(void) {
  sh_puts("fault\n");
  sh_exit(FAULT_CODE);
}
