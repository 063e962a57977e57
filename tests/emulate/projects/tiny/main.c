#include <stdint.h>

#include "tiny.h"
#if defined(NK_SEMIHOSTING)
#include "semihost.h"
#endif

uint8_t nk_arena[TINY_ARENA_BYTES] __attribute__((aligned(16)));

void bench_begin(void);
void bench_end(void);
int nk_run(void);

__attribute__((noinline)) void bench_begin(void) { __asm__ volatile("" ::: "memory"); }

__attribute__((noinline)) void bench_end(void) { __asm__ volatile("nop" ::: "memory"); }

__attribute__((noinline)) int nk_run(void) {
  bench_begin();
  const int code = tiny_invoke(nk_arena, (const int8_t *)(nk_arena + TINY_INPUT_0_OFFSET),
                               (int8_t *)(nk_arena + TINY_OUTPUT_0_OFFSET));
  bench_end();
  return code;
}

#if defined(NK_NO_VECTORS)
int main(void) { return nk_run(); }
#else
/* What the reference gives for input[i] = (i * 31 + 7) mod 256. */
static const int8_t expected[TINY_OUTPUT_0_BYTES] = {TINY_EXPECTED};

int main(void) {
  int mismatches = 0;
  for (int i = 0; i < TINY_INPUT_0_BYTES; i++) {
    nk_arena[TINY_INPUT_0_OFFSET + i] = (uint8_t)((i * 31 + 7) % 256);
  }
  mismatches += nk_run() != 0;
  for (int i = 0; i < TINY_OUTPUT_0_BYTES; i++) {
    mismatches += (int8_t)nk_arena[TINY_OUTPUT_0_OFFSET + i] != expected[i];
  }
#if defined(NK_SEMIHOSTING)
  sh_puts(mismatches == 0 ? "tiny: all equal\n" : "tiny: mismatch\n");
#endif
  return mismatches;
}
#endif
