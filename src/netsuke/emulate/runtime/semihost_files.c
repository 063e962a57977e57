/* See semihost_files.h. Operations as "Semihosting for AArch32 and AArch64" defines them. */
#include "semihost_files.h"

#include "semihost.h"

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_SEEK = 0x0A };
enum { READ_BINARY = 1, WRITE_BINARY = 5 };
enum { FAILED = 98 };

static uintptr_t call(uintptr_t operation, uintptr_t a, uintptr_t b, uintptr_t c) {
  const uintptr_t block[3] = {a, b, c};
  register uintptr_t r0 __asm__("r0") = operation;
  register const uintptr_t *r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void require(int fine, const char *what) {
  if (!fine) {
    sh_puts(what);
    sh_exit(FAILED);
  }
}

uintptr_t sh_open(const char *name, int write) {
  uintptr_t length = 0;
  while (name[length] != '\0') length++;
  const uintptr_t file = call(SYS_OPEN, (uintptr_t)name, write ? WRITE_BINARY : READ_BINARY, length);
  require(file != UINTPTR_MAX, "cannot open a file of the host\n");
  return file;
}

void sh_read(uintptr_t file, void *to, uintptr_t bytes) {
  require(bytes == 0 || call(SYS_READ, file, (uintptr_t)to, bytes) == 0, "a file of the host is short\n");
}

void sh_write(uintptr_t file, const void *from, uintptr_t bytes) {
  require(bytes == 0 || call(SYS_WRITE, file, (uintptr_t)from, bytes) == 0,
          "cannot write a file of the host\n");
}

void sh_seek(uintptr_t file, uintptr_t position) {
  require(call(SYS_SEEK, file, position, 0) == 0, "cannot seek in a file of the host\n");
}

void sh_close(uintptr_t file) { (void)call(SYS_CLOSE, file, 0, 0); }
