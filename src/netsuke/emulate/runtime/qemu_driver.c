/* Runs a generated project under QEMU: inputs from a file of the host, outputs into another, by semihosting.
 *
 * The file "inputs" holds words: reset each run, runs, bytes of each part of the arena, inputs, (offset,
 * bytes)..., outputs, (offset, bytes)..., then the inputs of every run. "outputs" gets words, bytes of stack
 * and of each part that the first input's run touched, then the outputs of every run. The project's own main
 * is renamed on the command line, by -Dmain=nk_project_main. */
#include <stdint.h>
#include <string.h>

#include "arenas.h"
#include "semihost.h"
#include "semihost_files.h"

#undef main

extern uint8_t NK_INPUTS[]; /* what the offsets of inputs count from */
extern uint32_t nk_bss_end[];
int nk_run(void);
#if defined(NK_QEMU_RESET)
int nk_reset(void);
#else
static int nk_reset(void) { return 0; }
#endif

enum { MAX_WORDS = 512, FAILED = 98, PARTS = NK_MORE_ARENAS + 1, HEAD = 2 + PARTS };

static uint32_t words[MAX_WORDS];

static void require(int code, const char *what) {
  if (code != 0) {
    sh_puts(what);
    sh_exit(FAILED);
  }
}

/* A table of the file: a count, then as many (offset, bytes). Returns where it ends. */
static uint32_t *read_table(uintptr_t file, uint32_t *at) {
  sh_read(file, at, 4u);
  require(*at > (MAX_WORDS - 8u) / 4u, "too many tensors\n");
  sh_read(file, at + 1, 8u * *at);
  return at + 1 + 2u * *at;
}

static void run_once(uintptr_t file, const uint32_t *inputs) {
  for (uint32_t i = 0; i < inputs[0]; i++) {
    sh_read(file, nk_at(NK_INPUTS, inputs[1 + 2 * i]), inputs[2 + 2 * i]);
  }
  require(nk_run(), "nk_run failed\n");
}

static uint32_t *stack_pointer(void) {
  uintptr_t sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return (uint32_t *)sp;
}

/* How far a run reaches into stack and arena, seen by what it changes of `word`; keeps the larger. */
static void measure(uintptr_t file, const uint32_t *inputs, const uint32_t bytes[PARTS], uint32_t word,
                    uint32_t touched[1 + PARTS]) {
  uint32_t *const top = stack_pointer();
  const uint32_t *low = nk_bss_end;
  for (int i = 0; i < PARTS; i++) memset(nk_arenas[i], (int)(word & 0xFFu), bytes[i]);
  for (volatile uint32_t *at = nk_bss_end; at < top; at++) *at = word;
  run_once(file, inputs);
  while (low < top && *low == word) low++;
  const uint32_t stack = (uint32_t)(top - low) * 4u;
  touched[0] = stack > touched[0] ? stack : touched[0];
  for (int i = 0; i < PARTS; i++) {
    uint32_t end = bytes[i];
    while (end > 0u && nk_arenas[i][end - 1u] == (word & 0xFFu)) end--;
    touched[1 + i] = end > touched[1 + i] ? end : touched[1 + i];
  }
}

int main(void) {
  const uintptr_t in = sh_open("inputs", 0);
  const uintptr_t result = sh_open("outputs", 1);
  uint32_t touched[1 + PARTS] = {0};
  sh_read(in, words, 4u * HEAD);
  uint32_t *const inputs = words + HEAD;
  uint32_t *const outputs = read_table(in, inputs);
  const uint32_t *const end = read_table(in, outputs);
  static const uint32_t patterns[2] = {0x5A5A5A5Au, 0xA5A5A5A5u};
  for (int i = 0; i < 2; i++) {
    require(nk_reset(), "nk_reset failed\n");
    measure(in, inputs, words + 2, patterns[i], touched);
    sh_seek(in, (uint32_t)(end - words) * 4u);
  }
  sh_write(result, touched, sizeof touched);
  for (uint32_t run = 0; run < words[1]; run++) {
    if (words[0] != 0u || run == 0u) require(nk_reset(), "nk_reset failed\n");
    run_once(in, inputs);
    for (uint32_t i = 0; i < outputs[0]; i++) {
      sh_write(result, nk_at(nk_arena, outputs[1 + 2 * i]), outputs[2 + 2 * i]);
    }
  }
  sh_close(result);
  return 0;
}
