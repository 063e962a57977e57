/* A model with one state, and faults on request: the tests define FAULT to choose one. */
#include <stdint.h>
#include <string.h>

extern uint8_t nk_arena[64];
extern uint8_t nk_state[8];
_Alignas(16) uint8_t nk_arena[64]; /* input: 4 bytes at 0; output: 4 bytes at 4 */
_Alignas(16) uint8_t nk_state[8];

void bench_begin(void);
void bench_end(void);
int model_invoke(uint8_t *arena, uint8_t *state);
int nk_run(void);
int nk_reset(void);

enum { NONE, STRAY, HIDDEN_STATE, DEEP_STACK, ERROR_CODE, OUT_OF_BOUNDS, OVERFLOW, ENDLESS, RESET_FAILS };
#if !defined(FAULT)
#define FAULT NONE
#endif

extern int32_t elsewhere;
int32_t elsewhere;

__attribute__((noinline)) static uint32_t deep(uint32_t n) {
  volatile uint32_t room[64];
  room[n & 63u] = n;
  return n == 0u ? 0u : deep(n - 1u) + room[n & 63u];
}

/* (4) state, (4) input -> (4) output: the running sum of inputs */
__attribute__((noinline)) static void model_accumulate(uint8_t *state, const uint8_t *in, uint8_t *out) {
  for (int i = 0; i < 4; i++) {
    state[i] = (uint8_t)(state[i] + in[i]);
    out[i] = state[i];
  }
  if (FAULT == STRAY) {
    *(volatile int32_t *)&elsewhere = 1;
  }
  if (FAULT == HIDDEN_STATE) {
    out[0] = (uint8_t)++*(volatile int32_t *)&elsewhere;
  }
  if (FAULT == DEEP_STACK) {
    out[0] = (uint8_t)deep(2000u);
  }
  if (FAULT == OUT_OF_BOUNDS) {
    volatile uint8_t *arena = nk_arena;
    arena[*(volatile int32_t *)&elsewhere + 63 + in[0]] = 1;
  }
  if (FAULT == OVERFLOW) {
    volatile int32_t big = INT32_MAX;
    big = big + in[0];
    out[0] = (uint8_t)big;
  }
  while (FAULT == ENDLESS) {
    __asm__ volatile("" ::: "memory");
  }
}

__attribute__((noinline)) int model_invoke(uint8_t *arena, uint8_t *state) {
  model_accumulate(state, arena, arena + 4);
  return FAULT == ERROR_CODE ? -3 : 0;
}

__attribute__((noinline)) void bench_begin(void) { __asm__ volatile("" ::: "memory"); }

__attribute__((noinline)) void bench_end(void) { __asm__ volatile("nop" ::: "memory"); }

__attribute__((noinline)) int nk_run(void) {
  bench_begin();
  const int code = model_invoke(nk_arena, nk_state);
  bench_end();
  return code;
}

__attribute__((noinline)) int nk_reset(void) {
  memset(nk_state, 10, sizeof nk_state);
  return FAULT == RESET_FAILS ? 5 : 0;
}

int main(void) { return nk_reset() + nk_run(); }
