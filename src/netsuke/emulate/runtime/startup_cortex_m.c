/* Reset of a Cortex-M: vectors, FPU on, .data and .bss, main, and its result as the exit code. */
#include <stdint.h>

#include "semihost.h"

#undef main /* a driver renames the project's own main, not this one */

/* Defined by the linker script; only their addresses mean something. */
extern uint32_t nk_data_load[], nk_data_start[], nk_data_end[], nk_bss_start[], nk_bss_end[], nk_stack_top[];
#if defined(NK_COPY_WEIGHTS)
extern uint32_t nk_weights_load[], nk_weights_start[], nk_weights_end[];
#endif

int main(void);
_Noreturn void Reset_Handler(void);
_Noreturn void nk_fault(void);

enum { FAULT_CODE = 99 };

static void copy_words(uint32_t *to, const uint32_t *from, const uint32_t *end) {
  while (to < end) {
    *(volatile uint32_t *)to++ = *from++;
  }
}

static void clear_words(uint32_t *to, const uint32_t *end) {
  while (to < end) {
    *(volatile uint32_t *)to++ = 0u;
  }
}

void Reset_Handler(void) {
#if defined(__ARM_FP)
  volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
  *cpacr |= 0xFu << 20; /* full access to CP10 and CP11 */
  __asm__ volatile("dsb\nisb" ::: "memory");
#endif
  copy_words(nk_data_start, nk_data_load, nk_data_end);
#if defined(NK_COPY_WEIGHTS)
  copy_words(nk_weights_start, nk_weights_load, nk_weights_end);
#endif
  clear_words(nk_bss_start, nk_bss_end);
  sh_exit(main());
}

void nk_fault(void) {
  sh_puts("fault\n");
  sh_exit(FAULT_CODE);
}

typedef void (*nk_vector)(void);

__attribute__((section(".vectors"), used)) static const nk_vector vectors[16] = {
    (nk_vector)(uintptr_t)nk_stack_top,
    Reset_Handler,
    nk_fault, /* NMI */
    nk_fault, /* hard fault */
    nk_fault, /* memory management fault */
    nk_fault, /* bus fault */
    nk_fault, /* usage fault */
    nk_fault, /* secure fault */
    0,
    0,
    0,
    nk_fault, /* SVC */
    nk_fault, /* debug monitor */
    0,
    nk_fault, /* PendSV */
    nk_fault, /* SysTick */
};
