/* A QEMU plugin (API 1): instructions between two addresses, the first one's block left out, the second's
 * counted.
 *
 * Declares what it uses of the plugin interface itself: distributions do not ship QEMU's header. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*translate_hook)(plugin_id, struct qemu_plugin_tb *);
typedef void (*execute_hook)(unsigned cpu, void *user);
typedef void (*exit_hook)(plugin_id, void *user);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_hook hook);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *one, execute_hook hook, int flags,
                                            void *user);
void qemu_plugin_register_atexit_cb(plugin_id id, exit_hook hook, void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *one);
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

extern int qemu_plugin_version;
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { OTHER, BEGIN, END };
static uint64_t begin, end, counted;
static char out[4096];
static bool on, ending;
static const int kinds[3] = {OTHER, BEGIN, END};

/* Counts instruction by instruction: nothing is shared with a count by blocks. */
static void execute(unsigned cpu, void *user) {
  (void)cpu;
  const int kind = *(const int *)user;
  if (ending && kind == OTHER) {
    counted++; /* the rest of bench_end: BX LR */
    on = false;
    ending = false;
    return;
  }
  counted += on;
  ending = ending || (on && kind == END);
  if (kind == BEGIN) {
    on = true;
  }
}

static void translate(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  const size_t n = qemu_plugin_tb_n_insns(block);
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(block, i);
    const uint64_t at = qemu_plugin_insn_vaddr(one) & ~(uint64_t)1;
    const int *kind = &kinds[at == begin ? BEGIN : at == end ? END : OTHER];
    qemu_plugin_register_vcpu_insn_exec_cb(one, execute, 0, (void *)(uintptr_t)kind);
  }
}

static void report(plugin_id id, void *user) {
  (void)id;
  (void)user;
  FILE *file = fopen(out, "w");
  if (file != NULL) {
    (void)fprintf(file, "%llu\n", (unsigned long long)counted);
    (void)fclose(file);
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc,
                                                               char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    if (strncmp(argv[i], "begin=", 6) == 0) {
      begin = strtoull(argv[i] + 6, NULL, 0);
    } else if (strncmp(argv[i], "end=", 4) == 0) {
      end = strtoull(argv[i] + 4, NULL, 0);
    } else if (strncmp(argv[i], "out=", 4) == 0) {
      (void)snprintf(out, sizeof out, "%s", argv[i] + 4);
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, report, NULL);
  return 0;
}
