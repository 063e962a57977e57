/* Text and exit through the debugger or emulator: semihosting. On a bare board without a debugger these calls
 * trap. */
#ifndef NK_SEMIHOST_H
#define NK_SEMIHOST_H

void sh_puts(const char *text);
_Noreturn void sh_exit(int code);

#endif
