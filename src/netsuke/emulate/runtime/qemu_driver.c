/* Runs a generated project under QEMU: inputs from a file of the host, outputs into another, by semihosting.
 *
 * The file "inputs" holds words: reset each run, runs, arena's bytes, inputs, (offset, bytes)..., outputs,
 * (offset, bytes)..., then the inputs of every run. "outputs" gets two words, bytes of stack and of arena
 * that the first input's run touched, then the outputs of every run. The project's own main is renamed on the
 * command line, by -Dmain=nk_project_main. */
#include <stdint.h>
#include <string.h>

#include "semihost.h"

#undef main

extern uint8_t nk_arena[];
extern uint32_t nk_bss_end[];
int nk_run(void);
#if defined(NK_QEMU_RESET)
int nk_reset(void);
#else
static int nk_reset(void) { return 0; }
#endif

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_SEEK = 0x0A };
enum { READ_BINARY = 1, WRITE_BINARY = 5, MAX_WORDS = 512, STACK_MARGIN = 64 };
enum { FAILED = 98 };

static uint32_t words[MAX_WORDS];

static uintptr_t call(uintptr_t operation, uintptr_t a, uintptr_t b, uintptr_t c) {
  const uintptr_t block[3] = {a, b, c};
  register uintptr_t r0 __asm__("r0") = operation;
  register const uintptr_t* r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

_Noreturn static void fail(const char* what) {
  sh_puts(what);
  sh_exit(FAILED);
}

static uintptr_t open_file(const char* name, uintptr_t length, uintptr_t mode) {
  const uintptr_t file = call(SYS_OPEN, (uintptr_t)name, mode, length);
  if (file == UINTPTR_MAX) {
    fail("cannot open a file of the host\n");
  }
  return file;
}

static void read_bytes(uintptr_t file, void* to, uintptr_t bytes) {
  if (bytes != 0u && call(SYS_READ, file, (uintptr_t)to, bytes) != 0u) {
    fail("the inputs are short\n");
  }
}

static void write_bytes(uintptr_t file, const void* from, uintptr_t bytes) {
  if (bytes != 0u && call(SYS_WRITE, file, (uintptr_t)from, bytes) != 0u) {
    fail("cannot write the outputs\n");
  }
}

/* A table of the file: a count, then as many (offset, bytes). Returns where it ends. */
static uint32_t* read_table(uintptr_t file, uint32_t* at) {
  read_bytes(file, at, 4u);
  if (*at > (MAX_WORDS - 8u) / 4u) {
    fail("too many tensors\n");
  }
  read_bytes(file, at + 1, 8u * *at);
  return at + 1 + 2u * *at;
}

static void run_once(uintptr_t file, const uint32_t* inputs) {
  for (uint32_t i = 0; i < inputs[0]; i++) {
    read_bytes(file, nk_arena + inputs[1 + 2 * i], inputs[2 + 2 * i]);
  }
  if (nk_run() != 0) {
    fail("nk_run failed\n");
  }
}

static uint32_t* stack_pointer(void) {
  uintptr_t sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return (uint32_t*)sp;
}

/* How far a run reaches into arena and stack, seen by what it changes of `word`; keeps the larger. */
static void measure(uintptr_t file, const uint32_t* inputs, uint32_t arena_bytes, uint32_t word,
                    uint32_t touched[2]) {
  uint32_t* const top = stack_pointer();
  const uint32_t* low = nk_bss_end;
  uint32_t end = arena_bytes;
  for (volatile uint32_t* at = nk_bss_end; at < top - STACK_MARGIN; at++) {
    *at = word;
  }
  memset(nk_arena, (int)(word & 0xFFu), arena_bytes);
  run_once(file, inputs);
  while (low < top && *low == word) {
    low++;
  }
  while (end > 0u && nk_arena[end - 1u] == (word & 0xFFu)) {
    end--;
  }
  const uint32_t stack = (uint32_t)(top - low) * 4u;
  touched[0] = stack > touched[0] ? stack : touched[0];
  touched[1] = end > touched[1] ? end : touched[1];
}

int main(void) {
  const uintptr_t in = open_file("inputs", sizeof "inputs" - 1u, READ_BINARY);
  const uintptr_t result = open_file("outputs", sizeof "outputs" - 1u, WRITE_BINARY);
  uint32_t touched[2] = {0, 0};
  read_bytes(in, words, 12u);
  uint32_t* const inputs = words + 3;
  uint32_t* const outputs = read_table(in, inputs);
  const uint32_t* const end = read_table(in, outputs);
  const uint32_t start = (uint32_t)(end - words) * 4u;
  for (uint32_t word = 0x5A5A5A5Au; word != 0u; word = word == 0x5A5A5A5Au ? 0xA5A5A5A5u : 0u) {
    if (nk_reset() != 0) {
      fail("nk_reset failed\n");
    }
    measure(in, inputs, words[2], word, touched);
    (void)call(SYS_SEEK, in, start, 0u);
  }
  write_bytes(result, touched, sizeof touched);
  for (uint32_t run = 0; run < words[1]; run++) {
    if ((words[0] != 0u || run == 0u) && nk_reset() != 0) {
      fail("nk_reset failed\n");
    }
    run_once(in, inputs);
    for (uint32_t i = 0; i < outputs[0]; i++) {
      write_bytes(result, nk_arena + outputs[1 + 2 * i], outputs[2 + 2 * i]);
    }
  }
  (void)call(SYS_CLOSE, result, 0u, 0u);
  return 0;
}
