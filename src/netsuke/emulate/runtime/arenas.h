/* The parts of a split arena, nk_arena, nk_arena2 and so on: NK_MORE_ARENAS of them beside the first. An
 * offset that a driver is given holds the number of the part from bit 28 on. */
#ifndef NK_ARENAS_H
#define NK_ARENAS_H

#include <stdint.h>

#if !defined(NK_MORE_ARENAS)
#define NK_MORE_ARENAS 0
#endif

extern uint8_t nk_arena[];
#if NK_MORE_ARENAS > 0
extern uint8_t nk_arena2[];
#endif
#if NK_MORE_ARENAS > 1
extern uint8_t nk_arena3[];
#endif
#if NK_MORE_ARENAS > 2
extern uint8_t nk_arena4[];
#endif

static uint8_t *const nk_arenas[] = {
    nk_arena,
#if NK_MORE_ARENAS > 0
    nk_arena2,
#endif
#if NK_MORE_ARENAS > 1
    nk_arena3,
#endif
#if NK_MORE_ARENAS > 2
    nk_arena4,
#endif
};

/* Where an offset of the driver's is; `first` is what offsets into the first part count from. */
static inline uint8_t *nk_at(uint8_t *first, unsigned long offset) {
  const unsigned long number = offset >> 28;
  return (number == 0u ? first : nk_arenas[number]) + (offset & 0x0FFFFFFFu);
}

#endif
