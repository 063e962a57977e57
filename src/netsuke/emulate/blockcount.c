/* Counts what an emulated core executes: hooks that Unicorn calls for each basic block and each write.
 *
 * Built as a shared library when first needed and handed to Unicorn as function pointers, so that no Python
 * runs while the core does. Structures and functions are declared again in counter.py. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

enum { TABLE_SIZE = 1 << 16, MAX_STRAYS = 16, MAX_RANGES = 8 };
enum { STAYS = -2 };

typedef int (*mem_read_fn)(void *engine, uint64_t address, void *bytes, size_t size);
typedef int (*reg_read_fn)(void *engine, int reg, void *value);
typedef int (*reg_write_fn)(void *engine, int reg, const void *value);
typedef int (*stop_fn)(void *engine);

typedef struct Range {
  uint64_t start, end; /* end excluded */
} Range;

typedef struct Config {
  uint64_t begin, end; /* first instructions of bench_begin and bench_end; 0: count from the first block */
  Range invoke;        /* blocks in here belong to no layer */
  Range arena, stack;  /* watched when `watch` is set */
  Range allowed[MAX_RANGES]; /* other places that may be written */
  uint64_t limit;            /* stop a call after so many instructions; 0: never */
  mem_read_fn mem_read;      /* Unicorn's uc_mem_read, uc_reg_read, uc_reg_write and uc_emu_stop */
  reg_read_fn reg_read;
  reg_write_fn reg_write;
  stop_fn stop;
  const uint64_t *entries;     /* first instruction of each layer's function, ascending */
  const int32_t *entry_layers; /* and the layer it starts */
  int32_t n_entries, n_layers, n_allowed;
  int32_t pc_register, sp_register, status_register; /* XPSR; 0 on RISC-V */
  int32_t riscv, watch;
} Config;

typedef struct Stray {
  uint64_t address, pc, size;
} Stray;

typedef struct Totals {
  uint64_t instructions; /* between bench_begin and bench_end */
  uint64_t executed;     /* all */
  uint64_t runs;         /* times that bench_begin was passed */
  uint64_t arena_end;    /* one past the highest arena byte written */
  uint64_t stack_low;    /* lowest stack pointer or stack byte written */
  uint64_t strays;       /* writes outside arena, stack and allowed ranges */
  int32_t limit_reached;
  int32_t overflow; /* the table is full: counts are incomplete */
  Stray stray[MAX_STRAYS];
} Totals;

typedef struct Count {
  uint64_t executed, taken;
} Count;

typedef struct Block {
  uint64_t address;
  uint32_t size, instructions;
  int32_t switches;  /* the layer that this block starts, n_layers for none, or STAYS */
  bool begins, ends; /* holds the first instruction of bench_begin, of bench_end */
  Count *counts;     /* one a layer, and one for no layer */
} Block;

typedef struct Counter {
  Config config;
  Totals totals;
  Block *table[TABLE_SIZE];
  uint32_t used;
  uint64_t call_start; /* instructions executed before the present call */
  bool on;
  int32_t layer;
  Block *last;
  int32_t last_layer;
} Counter;

/* One row of what counter_read gives back. */
typedef struct Row {
  uint64_t address, executed, taken;
  uint32_t size, instructions;
  int32_t layer, unused;
} Row;

static bool inside(uint64_t address, Range range) { return address >= range.start && address < range.end; }

static uint32_t count_instructions(const Counter *counter, void *engine, uint64_t address, uint32_t size) {
  uint32_t n = 0;
  for (uint32_t at = 0; at < size; n++) {
    uint8_t half[2] = {0, 0};
    (void)counter->config.mem_read(engine, address + at, half, sizeof half);
    const bool wide = counter->config.riscv ? (half[0] & 3) == 3 : half[1] >= 0xE8;
    at += wide ? 4 : 2;
  }
  return n;
}

static int32_t layer_switch(const Config *config, uint64_t address) {
  for (int32_t i = 0; i < config->n_entries; i++) {
    if (config->entries[i] == address) {
      return config->entry_layers[i];
    }
  }
  return inside(address, config->invoke) ? config->n_layers : STAYS;
}

static Block *new_block(Counter *counter, void *engine, uint64_t address, uint32_t size) {
  const Config *config = &counter->config;
  Block *block = calloc(1, sizeof *block);
  if (block == NULL) {
    return NULL;
  }
  block->counts = calloc((size_t)config->n_layers + 1, sizeof *block->counts);
  if (block->counts == NULL) {
    free(block);
    return NULL;
  }
  const Range range = {address, address + size};
  block->address = address;
  block->size = size;
  block->instructions = count_instructions(counter, engine, address, size);
  block->switches = layer_switch(config, address);
  block->begins = config->begin != 0 && inside(config->begin, range);
  block->ends = config->end != 0 && inside(config->end, range);
  return block;
}

static Block *find_block(Counter *counter, void *engine, uint64_t address, uint32_t size) {
  const uint64_t key = (address >> 1) * 0x9E3779B97F4A7C15u + size;
  uint32_t slot = (uint32_t)(key >> 40) % TABLE_SIZE;
  for (;; slot = (slot + 1) % TABLE_SIZE) {
    Block *block = counter->table[slot];
    if (block == NULL) {
      break;
    }
    if (block->address == address && block->size == size) {
      return block;
    }
  }
  if (counter->used >= TABLE_SIZE / 4 * 3) {
    return NULL;
  }
  counter->table[slot] = new_block(counter, engine, address, size);
  counter->used += counter->table[slot] != NULL;
  return counter->table[slot];
}

static void count_block(Counter *counter, Block *block) {
  if (block->switches != STAYS) {
    counter->layer = block->switches;
  }
  Block *last = counter->last;
  /* Left by a taken branch when the next block does not follow it. */
  if (last != NULL && last->address + last->size != block->address) {
    last->counts[counter->last_layer].taken++;
  }
  block->counts[counter->layer].executed++;
  counter->totals.instructions += block->instructions;
  counter->last = block;
  counter->last_layer = counter->layer;
}

static void note_stack(Counter *counter, uint64_t address) {
  if (inside(address, counter->config.stack) && address < counter->totals.stack_low) {
    counter->totals.stack_low = address;
  }
}

API void counter_block(void *engine, uint64_t address, uint32_t size, void *user) {
  Counter *counter = user;
  Block *last = counter->last;
  Block *block = last != NULL && last->address == address && last->size == size
                     ? last
                     : find_block(counter, engine, address, size);
  if (block == NULL) {
    counter->totals.overflow = 1;
    return;
  }
  if (counter->on) {
    count_block(counter, block);
  }
  /* The block that holds bench_begin is not counted, the one that holds bench_end is. */
  if (block->begins) {
    counter->on = true;
    counter->last = NULL;
    counter->layer = counter->config.n_layers;
    counter->totals.runs++;
  }
  if (block->ends) {
    counter->on = false;
    counter->last = NULL;
  }
  counter->totals.executed += block->instructions;
  if (counter->config.watch) {
    uint32_t sp = 0;
    (void)counter->config.reg_read(engine, counter->config.sp_register, &sp);
    /* Wherever it points: below the stack's range it has run into the data. */
    if (sp < counter->totals.stack_low) {
      counter->totals.stack_low = sp;
    }
  }
  const uint64_t in_call = counter->totals.executed - counter->call_start;
  if (counter->config.limit != 0 && in_call > counter->config.limit) {
    counter->totals.limit_reached = 1;
    (void)counter->config.stop(engine);
  }
}

static void note_stray(Counter *counter, void *engine, uint64_t address, uint64_t size) {
  Totals *totals = &counter->totals;
  if (totals->strays < MAX_STRAYS) {
    uint32_t pc = 0;
    (void)counter->config.reg_read(engine, counter->config.pc_register, &pc);
    totals->stray[totals->strays] = (Stray){address, pc, size};
  }
  totals->strays++;
}

/* Unicorn (2.1.4) saves the IT bits of a block in XPSR when a memory hook fires inside an IT block, and the
   next block then starts as if it were conditional. Translated code does not need them: clear them. */
static void forget_it_state(Counter *counter, void *engine) {
  const uint32_t it_bits = UINT32_C(0x0600FC00);
  uint32_t status = 0;
  if (counter->config.status_register == 0) {
    return;
  }
  (void)counter->config.reg_read(engine, counter->config.status_register, &status);
  if ((status & it_bits) != 0) {
    status &= ~it_bits;
    (void)counter->config.reg_write(engine, counter->config.status_register, &status);
  }
}

API void counter_write(void *engine, int type, uint64_t address, int size, int64_t value, void *user) {
  Counter *counter = user;
  (void)type;
  (void)value;
  forget_it_state(counter, engine);
  if (inside(address, counter->config.arena)) {
    const uint64_t end = address + (uint64_t)size;
    if (end > counter->totals.arena_end) {
      counter->totals.arena_end = end;
    }
    return;
  }
  if (inside(address, counter->config.stack)) {
    note_stack(counter, address);
    return;
  }
  for (int32_t i = 0; i < counter->config.n_allowed; i++) {
    if (inside(address, counter->config.allowed[i])) {
      return;
    }
  }
  note_stray(counter, engine, address, (uint64_t)size);
}

API void counter_reset(Counter *counter) {
  for (uint32_t i = 0; i < TABLE_SIZE; i++) {
    if (counter->table[i] != NULL) {
      memset(counter->table[i]->counts, 0,
             ((size_t)counter->config.n_layers + 1) * sizeof *counter->table[i]->counts);
    }
  }
  memset(&counter->totals, 0, sizeof counter->totals);
  counter->totals.arena_end = counter->config.arena.start;
  counter->totals.stack_low = counter->config.stack.end;
  counter->call_start = 0;
  counter->on = counter->config.begin == 0;
  counter->layer = counter->config.n_layers;
  counter->last = NULL;
}

/* The instruction limit holds for each call. */
API void counter_start_call(Counter *counter) {
  counter->call_start = counter->totals.executed;
  counter->totals.limit_reached = 0;
}

API Counter *counter_new(const Config *config) {
  Counter *counter = calloc(1, sizeof *counter);
  if (counter == NULL) {
    return NULL;
  }
  const size_t n = (size_t)config->n_entries;
  uint64_t *entries = malloc((n + 1) * sizeof *entries);
  int32_t *layers = malloc((n + 1) * sizeof *layers);
  if (entries == NULL || layers == NULL) {
    free(entries);
    free(layers);
    free(counter);
    return NULL;
  }
  memcpy(entries, config->entries, n * sizeof *entries);
  memcpy(layers, config->entry_layers, n * sizeof *layers);
  counter->config = *config;
  counter->config.entries = entries;
  counter->config.entry_layers = layers;
  counter_reset(counter);
  return counter;
}

API void counter_free(Counter *counter) {
  for (uint32_t i = 0; i < TABLE_SIZE; i++) {
    if (counter->table[i] != NULL) {
      free(counter->table[i]->counts);
      free(counter->table[i]);
    }
  }
  free((void *)counter->config.entries);
  free((void *)counter->config.entry_layers);
  free(counter);
}

API void counter_totals(const Counter *counter, Totals *totals) { *totals = counter->totals; }

/* Writes up to `room` rows and returns how many there are. */
API uint32_t counter_read(const Counter *counter, Row *rows, uint32_t room) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < TABLE_SIZE; i++) {
    const Block *block = counter->table[i];
    for (int32_t layer = 0; block != NULL && layer <= counter->config.n_layers; layer++) {
      const Count count = block->counts[layer];
      if (count.executed == 0) {
        continue;
      }
      if (n < room) {
        rows[n] =
            (Row){block->address, count.executed, count.taken, block->size, block->instructions, layer, 0};
      }
      n++;
    }
  }
  return n;
}
