/* Runs a generated project on the host: reads inputs from stdin, writes outputs to stdout.
 *
 * arguments: RESET_EACH RUNS N_INPUTS (OFFSET BYTES)... N_OUTPUTS (OFFSET BYTES)...
 * The project's own main is renamed on the command line, by -Dmain=nk_project_main. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#include "arenas.h"

#undef main

extern uint8_t NK_INPUTS[]; /* what the offsets of inputs count from */
int nk_run(void);
#if defined(NK_HOST_RESET)
int nk_reset(void);
#else
static int nk_reset(void) { return 0; }
#endif

static int fail(const char *what, int code) {
  (void)fprintf(stderr, "%s: %d\n", what, code);
  return 1;
}

static int run_once(char *const *inputs, char *const *outputs) {
  const long n_inputs = strtol(inputs[0], NULL, 10);
  for (long i = 0; i < n_inputs; i++) {
    uint8_t *to = nk_at(NK_INPUTS, strtoul(inputs[1 + 2 * i], NULL, 10));
    const size_t bytes = strtoul(inputs[2 + 2 * i], NULL, 10);
    if (fread(to, 1, bytes, stdin) != bytes) {
      return fail("input is short", (int)i);
    }
  }
  const int code = nk_run();
  if (code != 0) {
    return fail("nk_run returned", code);
  }
  const long n_outputs = strtol(outputs[0], NULL, 10);
  for (long i = 0; i < n_outputs; i++) {
    const uint8_t *from = nk_at(nk_arena, strtoul(outputs[1 + 2 * i], NULL, 10));
    const size_t bytes = strtoul(outputs[2 + 2 * i], NULL, 10);
    if (fwrite(from, 1, bytes, stdout) != bytes) {
      return fail("cannot write output", (int)i);
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    return fail("too few arguments", argc);
  }
#if defined(_WIN32)
  (void)_setmode(_fileno(stdin), _O_BINARY);
  (void)_setmode(_fileno(stdout), _O_BINARY);
#endif
  const int reset_each = atoi(argv[1]);
  const long runs = strtol(argv[2], NULL, 10);
  char *const *inputs = argv + 3;
  char *const *outputs = inputs + 1 + 2 * strtol(inputs[0], NULL, 10);
  for (long run = 0; run < runs; run++) {
    const int code = reset_each || run == 0 ? nk_reset() : 0;
    if (code != 0) {
      return fail("nk_reset returned", code);
    }
    if (run_once(inputs, outputs) != 0) {
      return 1;
    }
  }
  return 0;
}
