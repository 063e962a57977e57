/* Counts what an emulated core executes: hooks that Unicorn calls for each basic block, each write and each
 * read.
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

enum { TABLE_SIZE = 1 << 16, MAX_STRAYS = 16, MAX_RANGES = 8, MAX_ARENAS = 8, MAX_STRETCHES = 16 };
enum { STAYS = -2 };

typedef int (*mem_read_fn)(void *engine, uint64_t address, void *bytes, size_t size);
typedef int (*reg_read_fn)(void *engine, int reg, void *value);
typedef int (*reg_write_fn)(void *engine, int reg, const void *value);
typedef int (*stop_fn)(void *engine);

typedef struct Range {
  uint64_t start, end; /* end excluded */
} Range;

/* Addresses of one cost, behind cache number `cache` of `sets` sets of `ways` lines; `line` is a power of
 * two. */
typedef struct Stretch {
  uint64_t start, end;
  uint32_t line, sets, ways;
  int32_t cache, cached; /* not cached: a cache of one line, for reads only */
} Stretch;

typedef struct Config {
  uint64_t begin, end; /* first instructions of bench_begin and bench_end; 0: count from the first block */
  Range invoke;        /* blocks in here belong to no layer */
  Range arenas[MAX_ARENAS], stack; /* watched when `watch` is set */
  Range allowed[MAX_RANGES];       /* other places that may be written */
  uint64_t limit;                  /* stop a call after so many instructions; 0: never */
  mem_read_fn mem_read;            /* Unicorn's uc_mem_read, uc_reg_read, uc_reg_write and uc_emu_stop */
  reg_read_fn reg_read;
  reg_write_fn reg_write;
  stop_fn stop;
  const uint64_t *entries;     /* first instruction of each layer's function, ascending */
  const int32_t *entry_layers; /* and the layer it starts */
  int32_t n_entries, n_layers, n_allowed;
  int32_t pc_register, sp_register, status_register; /* XPSR; 0 on RISC-V */
  int32_t riscv, watch, n_arenas, n_stretches;
  Stretch stretches[MAX_STRETCHES];
} Config;

typedef struct Stray {
  uint64_t address, pc, size;
} Stray;

typedef struct Totals {
  uint64_t instructions;           /* between bench_begin and bench_end */
  uint64_t executed;               /* all */
  uint64_t runs;                   /* times that bench_begin was passed */
  uint64_t arena_ends[MAX_ARENAS]; /* one past the highest byte written of each arena */
  uint64_t stack_low;              /* lowest stack pointer or stack byte written */
  uint64_t strays;                 /* writes outside arena, stack and allowed ranges */
  int32_t limit_reached;
  int32_t overflow; /* the table is full: counts are incomplete */
  Stray stray[MAX_STRAYS];
} Totals;

typedef struct Count {
  uint64_t executed, taken;
} Count;

/* What one layer does to one stretch: accesses, their bytes, words written, lines that came, changed lines
 * that left. */
typedef struct Traffic {
  uint64_t reads, read_bytes, writes, written_bytes, written_words, fills, write_backs;
} Traffic;

typedef struct Line {
  uint64_t tag, used; /* used: 0 while it holds nothing */
  int32_t owner;      /* its stretch */
  bool dirty;
} Line;

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
  Traffic *traffic; /* stretches x (layers and none) */
  Line *caches[MAX_STRETCHES];
  size_t lines[MAX_STRETCHES];
  uint64_t clock;
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

static Traffic *traffic_of(Counter *counter, int32_t stretch) {
  return counter->traffic + (size_t)stretch * ((size_t)counter->config.n_layers + 1) + (size_t)counter->layer;
}

/* Brings a line into a cache, unless it is there; what leaves is written back where it was changed. */
static void touch_line(Counter *counter, int32_t stretch, uint64_t address, bool write) {
  const Stretch *at = &counter->config.stretches[stretch];
  const uint64_t tag = address / at->line;
  Line *set = counter->caches[at->cache] + (size_t)(tag % at->sets) * at->ways;
  Line *victim = set;
  counter->clock++;
  for (uint32_t way = 0; way < at->ways; way++) {
    Line *line = set + way;
    if (line->used != 0 && line->tag == tag) {
      line->used = counter->clock;
      line->dirty |= write;
      return;
    }
    if (line->used < victim->used) {
      victim = line;
    }
  }
  if (victim->used != 0 && victim->dirty) {
    traffic_of(counter, victim->owner)->write_backs++;
  }
  *victim = (Line){tag, counter->clock, stretch, write};
  traffic_of(counter, stretch)->fills++;
}

static void note_access(Counter *counter, uint64_t address, uint32_t size, bool write) {
  if (!counter->on) {
    return;
  }
  for (int32_t i = 0; i < counter->config.n_stretches; i++) {
    const Stretch *at = &counter->config.stretches[i];
    if (address < at->start || address >= at->end) {
      continue;
    }
    Traffic *traffic = traffic_of(counter, i);
    *(write ? &traffic->writes : &traffic->reads) += 1;
    *(write ? &traffic->written_bytes : &traffic->read_bytes) += size;
    traffic->written_words += write ? (size + 3) / 4 : 0;
    if (!write || at->cached) {
      touch_line(counter, i, address, write);
      if ((address + size - 1) / at->line != address / at->line) {
        touch_line(counter, i, address + size - 1, write);
      }
    }
    return;
  }
}

API void counter_data_read(void *engine, int type, uint64_t address, int size, int64_t value, void *user) {
  Counter *counter = user;
  (void)type;
  (void)value;
  forget_it_state(counter, engine);
  note_access(counter, address, (uint32_t)size, false);
}

API void counter_write(void *engine, int type, uint64_t address, int size, int64_t value, void *user) {
  Counter *counter = user;
  (void)type;
  (void)value;
  forget_it_state(counter, engine);
  note_access(counter, address, (uint32_t)size, true);
  for (int32_t i = 0; i < counter->config.n_arenas; i++) {
    if (inside(address, counter->config.arenas[i])) {
      const uint64_t end = address + (uint64_t)size;
      if (end > counter->totals.arena_ends[i]) {
        counter->totals.arena_ends[i] = end;
      }
      return;
    }
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

static size_t traffic_size(const Config *config) {
  return ((size_t)config->n_stretches + 1) * ((size_t)config->n_layers + 1) * sizeof(Traffic);
}

API void counter_reset(Counter *counter) {
  for (uint32_t i = 0; i < TABLE_SIZE; i++) {
    if (counter->table[i] != NULL) {
      memset(counter->table[i]->counts, 0,
             ((size_t)counter->config.n_layers + 1) * sizeof *counter->table[i]->counts);
    }
  }
  memset(&counter->totals, 0, sizeof counter->totals);
  for (int32_t i = 0; i < MAX_ARENAS; i++) {
    counter->totals.arena_ends[i] = counter->config.arenas[i].start;
  }
  for (int32_t i = 0; i < MAX_STRETCHES; i++) {
    memset(counter->caches[i], 0, counter->lines[i] * sizeof(Line));
  }
  memset(counter->traffic, 0, traffic_size(&counter->config));
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

API void counter_free(Counter *counter) {
  for (uint32_t i = 0; i < TABLE_SIZE; i++) {
    if (counter->table[i] != NULL) {
      free(counter->table[i]->counts);
      free(counter->table[i]);
    }
  }
  for (int32_t i = 0; i < MAX_STRETCHES; i++) {
    free(counter->caches[i]);
  }
  free(counter->traffic);
  free((void *)counter->config.entries);
  free((void *)counter->config.entry_layers);
  free(counter);
}

static bool make_caches(Counter *counter) {
  const Config *config = &counter->config;
  for (int32_t i = 0; i < config->n_stretches; i++) {
    const size_t lines = (size_t)config->stretches[i].sets * config->stretches[i].ways;
    if (lines > counter->lines[config->stretches[i].cache]) {
      counter->lines[config->stretches[i].cache] = lines;
    }
  }
  bool made = true;
  for (int32_t i = 0; i < MAX_STRETCHES; i++) {
    counter->caches[i] = calloc(counter->lines[i] + 1, sizeof(Line));
    made = made && counter->caches[i] != NULL;
  }
  return made;
}

API Counter *counter_new(const Config *config) {
  Counter *counter = calloc(1, sizeof *counter);
  if (counter == NULL) {
    return NULL;
  }
  const size_t n = (size_t)config->n_entries;
  uint64_t *entries = malloc((n + 1) * sizeof *entries);
  int32_t *layers = malloc((n + 1) * sizeof *layers);
  counter->config = *config;
  counter->config.entries = entries;
  counter->config.entry_layers = layers;
  counter->traffic = calloc(1, traffic_size(config));
  const bool made = make_caches(counter);
  if (!made || entries == NULL || layers == NULL || counter->traffic == NULL) {
    counter_free(counter);
    return NULL;
  }
  memcpy(entries, config->entries, n * sizeof *entries);
  memcpy(layers, config->entry_layers, n * sizeof *layers);
  counter_reset(counter);
  return counter;
}

/* Stretches x (layers and none). */
API void counter_traffic(const Counter *counter, Traffic *to) {
  const size_t each = ((size_t)counter->config.n_layers + 1) * sizeof(Traffic);
  memcpy(to, counter->traffic, (size_t)counter->config.n_stretches * each);
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
