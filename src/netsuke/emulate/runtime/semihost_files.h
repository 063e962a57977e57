/* Files of the host through semihosting, for programs that run under QEMU. Failing calls end the program. */
#ifndef NK_SEMIHOST_FILES_H
#define NK_SEMIHOST_FILES_H

#include <stdint.h>

/* A handle for the file `name` in QEMU's working directory, to be read or (`write`) written anew. */
uintptr_t sh_open(const char *name, int write);
void sh_read(uintptr_t file, void *to, uintptr_t bytes);
void sh_write(uintptr_t file, const void *from, uintptr_t bytes);
void sh_seek(uintptr_t file, uintptr_t position);
void sh_close(uintptr_t file);

#endif
