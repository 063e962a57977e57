/* Runs hand_checked on test vectors and counts the ones that come out differently: main returns their number.
   With NK_NO_VECTORS defined it runs the model once and returns: what is then linked is what a product needs.
   */
#include <stdint.h>
#include <string.h>

#include "hand_checked.h"

#ifndef NK_NO_VECTORS
#include "test_vectors.h"
#endif

#ifdef NK_SEMIHOSTING
void sh_puts(const char *text);
#define NK_PRINT(text) sh_puts(text)
#elif defined(NK_STDIO)
#include <stdio.h>
#define NK_PRINT(text) (void)fputs(text, stdout)
#else
#define NK_PRINT(text) (void)(text)
#endif

#if defined(__GNUC__) || defined(__clang__)
#define NK_NOINLINE __attribute__((noinline))
#else
#define NK_NOINLINE
#endif

extern uint8_t nk_arena[HAND_CHECKED_ARENA_BYTES];
_Alignas(8) uint8_t nk_arena[HAND_CHECKED_ARENA_BYTES];

/* Counters of instructions or cycles start and stop here. */
void bench_begin(void);
NK_NOINLINE void bench_begin(void) { __asm__ volatile("" ::: "memory"); }
void bench_end(void);
NK_NOINLINE void bench_end(void) { __asm__ volatile("nop" ::: "memory"); }

int nk_run(void);
NK_NOINLINE int nk_run(void) {
  const int8_t *const in0 = (const int8_t *)(nk_arena + HAND_CHECKED_INPUT_0_OFFSET);
  int8_t *const out0 = (int8_t *)(nk_arena + HAND_CHECKED_OUTPUT_0_OFFSET);
  bench_begin();
  const int result = hand_checked_invoke(nk_arena, in0, out0);
  bench_end();
  return result;
}

#ifdef NK_NO_VECTORS
int main(void) { return nk_run(); }
#else
int main(void) {
  int wrong = 0;
  for (int v = 0; v < NK_VECTORS; v++) {
    int bad = 0;
    memcpy(nk_arena + HAND_CHECKED_INPUT_0_OFFSET, nk_vector_input_0[v], HAND_CHECKED_INPUT_0_BYTES);
    bad |= nk_run();
    bad |= memcmp(nk_arena + HAND_CHECKED_OUTPUT_0_OFFSET, nk_vector_output_0[v],
                  HAND_CHECKED_OUTPUT_0_BYTES);
    wrong += bad != 0;
  }
  NK_PRINT("hand_checked: ");
  NK_PRINT(wrong == 0 ? "all test vectors agree\n" : "test vectors DIFFER\n");
  return wrong;
}
#endif
