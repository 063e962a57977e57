/* The walk of SELECT_V2 over its three operands. */
#ifndef NK_SELECT_H
#define NK_SELECT_H

#include <stdbool.h>

#include "nk_args.h"

/* Where a row starts in every operand, and how far the outer loops have come. */
typedef struct nk_select_place {
  int32_t condition;
  int32_t first;
  int32_t second;
  int32_t index[5];
} nk_select_place;

/* On to the next row; false after the last. */
static inline bool nk_select_next(nk_select_place *at, const nk_select_args *a) {
  for (int32_t level = 4; level >= 0; level--) {
    at->index[level]++;
    at->condition += a->step_c[level];
    at->first += a->step_0[level];
    at->second += a->step_1[level];
    if (at->index[level] < a->count[level]) {
      return true;
    }
    at->index[level] = 0;
    at->condition -= a->count[level] * a->step_c[level];
    at->first -= a->count[level] * a->step_0[level];
    at->second -= a->count[level] * a->step_1[level];
  }
  return false;
}

#endif
