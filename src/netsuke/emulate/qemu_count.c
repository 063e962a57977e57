/* Counts what QEMU executes: a plugin that keeps basic blocks between bench_begin and bench_end, each layer
 * apart.
 *
 * arguments: begin=, end= (first instructions of the two), invoke=START-END (the function that calls the
 * layers), skip= (runs that are not counted), layers=ADDRESS-ADDRESS..., out=FILE. The file that it writes at
 * exit holds run INSTRUCTIONS                                   for every counted run block ADDRESS SIZE
 * INSTRUCTIONS LAYER EXECUTED TAKEN     of the first counted run Declares what it uses of the plugin
 * interface itself: distributions do not ship QEMU's header. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(NK_PLUGIN_API)
#define NK_PLUGIN_API 1
#endif

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*translate_hook)(plugin_id, struct qemu_plugin_tb *);
typedef void (*execute_hook)(unsigned cpu, void *user);
typedef void (*exit_hook)(plugin_id, void *user);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_hook hook);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, execute_hook hook, int flags,
                                          void *user);
void qemu_plugin_register_atexit_cb(plugin_id id, exit_hook hook, void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *one);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *one);
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

extern int qemu_plugin_version;
__attribute__((visibility("default"))) int qemu_plugin_version = NK_PLUGIN_API;

enum { MAX_LAYERS = 4096, MAX_RUNS = 1 << 20, STAYS = -2 };

typedef struct Block {
  uint64_t address, size, instructions;
  uint64_t *executed, *taken; /* one a layer, and one for no layer */
  int layer;                  /* the one it starts, n_layers for none, or STAYS */
  bool begins, ends;          /* holds the first instruction of bench_begin, of bench_end */
  struct Block *next;
} Block;

static uint64_t begin_at, end_at, invoke_start, invoke_end, skip, layers[MAX_LAYERS];
static int n_layers, layer, last_layer;
static const char *out;
static Block *blocks, *last;
static uint64_t *runs, n_runs; /* of every run, skipped ones included */
static bool on;

static int layer_switch(uint64_t address) {
  for (int i = 0; i < n_layers; i++) {
    if (layers[i] == address) {
      return i;
    }
  }
  return address >= invoke_start && address < invoke_end ? n_layers : STAYS;
}

static void count(Block *block) {
  if (block->layer != STAYS) {
    layer = block->layer;
  }
  runs[n_runs - 1] += block->instructions;
  if (n_runs != skip + 1) {
    return;
  }
  /* Left by a taken branch when the next block does not follow it. */
  if (last != NULL && last->address + last->size != block->address) {
    last->taken[last_layer]++;
  }
  block->executed[layer]++;
  last = block;
  last_layer = layer;
}

static void execute(unsigned cpu, void *user) {
  Block *block = user;
  (void)cpu;
  if (on) {
    count(block);
  }
  /* The block that holds bench_begin is not counted, the one that holds bench_end is. */
  if (block->begins && n_runs < MAX_RUNS) {
    on = true;
    last = NULL;
    layer = n_layers;
    runs[n_runs++] = 0;
  }
  on = on && !block->ends;
}

static Block *new_block(uint64_t address, uint64_t size, uint64_t n) {
  Block *block = calloc(1, sizeof *block);
  uint64_t *counts = calloc(2 * ((size_t)n_layers + 1), sizeof *counts);
  if (block == NULL || counts == NULL) {
    (void)fprintf(stderr, "qemu_count: no memory\n");
    exit(1);
  }
  *block = (Block){.address = address, .size = size, .instructions = n, .next = blocks};
  block->executed = counts;
  block->taken = counts + n_layers + 1;
  block->layer = layer_switch(address);
  block->begins = begin_at >= address && begin_at < address + size;
  block->ends = end_at >= address && end_at < address + size;
  return block;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb) {
  const size_t n = qemu_plugin_tb_n_insns(tb);
  const struct qemu_plugin_insn *final = qemu_plugin_tb_get_insn(tb, n - 1);
  const uint64_t address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) & ~(uint64_t)1;
  const uint64_t size = qemu_plugin_insn_vaddr(final) - address + qemu_plugin_insn_size(final);
  Block *block = blocks;
  (void)id;
  while (block != NULL && (block->address != address || block->instructions != n)) {
    block = block->next;
  }
  if (block == NULL) {
    block = blocks = new_block(address, size, n);
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, 0, block);
}

static void report(plugin_id id, void *user) {
  FILE *file = out != NULL ? fopen(out, "w") : NULL;
  (void)id;
  (void)user;
  if (file == NULL) {
    return;
  }
  for (uint64_t i = skip; i < n_runs; i++) {
    (void)fprintf(file, "run %llu\n", (unsigned long long)runs[i]);
  }
  for (const Block *block = blocks; block != NULL; block = block->next) {
    for (int i = 0; i <= n_layers; i++) {
      if (block->executed[i] != 0) {
        (void)fprintf(file, "block %llu %llu %llu %d %llu %llu\n", (unsigned long long)block->address,
                      (unsigned long long)block->size, (unsigned long long)block->instructions, i,
                      (unsigned long long)block->executed[i], (unsigned long long)block->taken[i]);
      }
    }
  }
  (void)fclose(file);
}

static void read_layers(const char *text) {
  while (*text != '\0' && n_layers < MAX_LAYERS) {
    char *end;
    layers[n_layers++] = strtoull(text, &end, 0);
    text = *end == '-' ? end + 1 : end;
  }
}

static void read_argument(const char *text) {
  const char *const equals = strchr(text, '=');
  if (equals == NULL) {
    return;
  }
  const char *const value = equals + 1;
  if (strncmp(text, "begin=", 6) == 0) {
    begin_at = strtoull(value, NULL, 0);
  } else if (strncmp(text, "end=", 4) == 0) {
    end_at = strtoull(value, NULL, 0);
  } else if (strncmp(text, "skip=", 5) == 0) {
    skip = strtoull(value, NULL, 0);
  } else if (strncmp(text, "invoke=", 7) == 0) {
    char *end;
    invoke_start = strtoull(value, &end, 0);
    invoke_end = strtoull(end + 1, NULL, 0);
  } else if (strncmp(text, "layers=", 7) == 0) {
    read_layers(value);
  } else if (strncmp(text, "out=", 4) == 0) {
    out = value; /* QEMU keeps its arguments */
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc,
                                                               char **argv) {
  (void)info;
  runs = calloc(MAX_RUNS, sizeof *runs);
  if (runs == NULL) {
    return 1;
  }
  for (int i = 0; i < argc; i++) {
    read_argument(argv[i]);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, report, NULL);
  return 0;
}
