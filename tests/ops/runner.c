/* Runs jobs of a stream, in place. Words are little-endian uint32_t:
     calls, vectors, block_bytes, guards, then for every call: entry, pointers, offset...,
     then for every guard: offset, bytes, then padding to 8, then `vectors` blocks of block_bytes.
   A job of no calls ends the stream. nk_entries has one function per kernel; it is in nk_entries.h. */
#include <stdint.h>

#include "nk_kernels.h"

typedef void (*nk_entry)(uint8_t *block, const uint32_t *at);

#include "nk_entries.h"

#ifdef NK_HOST
#include <stdio.h>
#include <stdlib.h>
#endif

#ifdef NK_QEMU
#include "semihost_files.h"
#endif

#ifdef NK_ASAN
#include <sanitizer/asan_interface.h>
#define NK_POISON(at, bytes) __asan_poison_memory_region(at, bytes)
#define NK_UNPOISON(at, bytes) __asan_unpoison_memory_region(at, bytes)
#else
#define NK_POISON(at, bytes) ((void)(at), (void)(bytes))
#define NK_UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#endif

/* The job that runs: says which one a fault belongs to. */
volatile uint32_t nk_current;

static void run_block(uint8_t *block, const uint32_t *word, uint32_t calls) {
  for (uint32_t i = 0; i < calls; i++) {
    nk_entries[word[0]](block, word + 2);
    word += 2 + word[1];
  }
}

static const uint32_t *skip_calls(const uint32_t *word, uint32_t calls) {
  for (uint32_t i = 0; i < calls; i++) {
    word += 2 + word[1];
  }
  return word;
}

static uint8_t *run_job(uint8_t *job) {
  const uint32_t *head = (const uint32_t *)(void *)job;
  const uint32_t calls = head[0], vectors = head[1], bytes = head[2], guards = head[3];
  const uint32_t *guard = skip_calls(head + 4, calls);
  uint8_t *block = job + ((((size_t)(guard - head) + 2 * guards) * 4 + 7) & ~(size_t)7);
  for (uint32_t v = 0; v < vectors; v++, block += bytes) {
    for (uint32_t i = 0; i < guards; i++) {
      NK_POISON(block + guard[2 * i], guard[2 * i + 1]);
    }
    run_block(block, head + 4, calls);
    NK_UNPOISON(block, bytes);
  }
  return block;
}

uint32_t nk_run(uint8_t *stream);
uint32_t nk_run(uint8_t *stream) {
  nk_current = 0;
  while (*(const uint32_t *)(void *)stream != 0) {
#ifdef NK_HOST
    (void)fprintf(stderr, "@%u\n", nk_current);
#endif
    stream = run_job(stream);
    nk_current++;
  }
  return nk_current;
}

#ifdef NK_HOST
int main(int count, char **words) {
  FILE *file = count == 4 ? fopen(words[1], "rb") : NULL;
  const size_t bytes = count == 4 ? (size_t)strtoul(words[3], NULL, 10) : 0;
  uint8_t *stream = aligned_alloc(16, (bytes + 15) & ~(size_t)15);
  if (file == NULL || stream == NULL || fread(stream, 1, bytes, file) != bytes) {
    return 2;
  }
  (void)fclose(file);
  (void)nk_run(stream);
  file = fopen(words[2], "wb");
  if (file == NULL || fwrite(stream, 1, bytes, file) != bytes || fclose(file) != 0) {
    return 2;
  }
  free(stream);
  return 0;
}
#elif defined(NK_QEMU)
static _Alignas(16) uint8_t nk_memory[NK_MEMORY_BYTES];
int main(void) {
  uint32_t bytes = 0;
  uintptr_t file = sh_open("inputs", 0);
  sh_read(file, &bytes, sizeof bytes);
  sh_read(file, nk_memory, bytes);
  sh_close(file);
  (void)nk_run(nk_memory);
  file = sh_open("outputs", 1);
  sh_write(file, nk_memory, bytes);
  sh_close(file);
  return 0;
}
#else
_Alignas(16) uint8_t nk_memory[NK_MEMORY_BYTES];
int main(void) { return (int)nk_run(nk_memory); }
#endif
