/* Runs a generated project of several models on the host, one after the other in any order.
 *
 * NK_MODELS is a list of NK_MODEL(name), NK_STATEFUL(name), and NK_PUSHED(name) and NK_PUSHED_STATEFUL(name),
 * whose rows are pushed. Words on stdin (little-endian, 32 bits) say what to do: the number of a model, its
 * inputs' count, (address, bytes)..., its outputs' count, (address, bytes)..., then the inputs' bytes;
 * addresses count from the arena, those of a pushed input from its own memory. Outputs go to stdout. States
 * are initialised once, at the start. The project's own main is renamed on the command line, by
 * -Dmain=nk_project_main. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#undef main

extern uint8_t nk_arena[];

#define NK_MODEL(name) int nk_run_##name(void);
#define NK_STATEFUL(name)  \
  int nk_run_##name(void); \
  int nk_reset_##name(void);
#define NK_PUSHED(name) \
  NK_MODEL(name)        \
  extern uint8_t nk_input_##name[];
#define NK_PUSHED_STATEFUL(name) \
  NK_STATEFUL(name)              \
  extern uint8_t nk_input_##name[];
NK_MODELS
#undef NK_MODEL
#undef NK_STATEFUL
#undef NK_PUSHED
#undef NK_PUSHED_STATEFUL

typedef struct {
  int (*run)(void);
  int (*reset)(void);
  uint8_t *inputs;
} model;

#define NK_MODEL(name) {nk_run_##name, NULL, nk_arena},
#define NK_STATEFUL(name) {nk_run_##name, nk_reset_##name, nk_arena},
#define NK_PUSHED(name) {nk_run_##name, NULL, nk_input_##name},
#define NK_PUSHED_STATEFUL(name) {nk_run_##name, nk_reset_##name, nk_input_##name},
static const model models[] = {NK_MODELS};

enum { MODELS = sizeof models / sizeof *models, MAX_PORTS = 64 };

typedef struct {
  uint32_t count;
  uint32_t at[MAX_PORTS][2];
} ports;

static int fail(const char *what, int code) {
  (void)fprintf(stderr, "%s: %d\n", what, code);
  return 1;
}

static int read_ports(ports *to) {
  return fread(&to->count, 4, 1, stdin) == 1 && to->count <= MAX_PORTS &&
         fread(to->at, 8, to->count, stdin) == to->count;
}

static int run_once(uint32_t number) {
  ports inputs;
  ports outputs;
  if (number >= MODELS || !read_ports(&inputs) || !read_ports(&outputs)) {
    return fail("a turn is not complete", (int)number);
  }
  for (uint32_t i = 0; i < inputs.count; i++) {
    if (fread(models[number].inputs + inputs.at[i][0], 1, inputs.at[i][1], stdin) != inputs.at[i][1]) {
      return fail("input is short", (int)i);
    }
  }
  const int code = models[number].run();
  if (code != 0) {
    return fail("nk_run returned", code);
  }
  for (uint32_t i = 0; i < outputs.count; i++) {
    if (fwrite(nk_arena + outputs.at[i][0], 1, outputs.at[i][1], stdout) != outputs.at[i][1]) {
      return fail("cannot write output", (int)i);
    }
  }
  return 0;
}

int main(void) {
#if defined(_WIN32)
  (void)_setmode(_fileno(stdin), _O_BINARY);
  (void)_setmode(_fileno(stdout), _O_BINARY);
#endif
  for (int i = 0; i < MODELS; i++) {
    if (models[i].reset != NULL && models[i].reset() != 0) {
      return fail("nk_reset failed", i);
    }
  }
  for (uint32_t number; fread(&number, 4, 1, stdin) == 1;) {
    if (run_once(number) != 0) {
      return 1;
    }
  }
  return 0;
}
