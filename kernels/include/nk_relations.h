/* One comparison or connective, by its number in nk_relation_args. */
#ifndef NK_RELATIONS_H
#define NK_RELATIONS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool nk_compare_f32_of(float x0, float x1, int32_t relation) {
  switch (relation) {
    case 0:
      return x0 == x1;
    case 1:
      return x0 != x1;
    case 2:
      return x0 < x1;
    case 3:
      return x0 <= x1;
    case 4:
      return x0 > x1;
    default:
      return x0 >= x1;
  }
}

static inline bool nk_compare_s32_of(int32_t x0, int32_t x1, int32_t relation) {
  switch (relation) {
    case 0:
      return x0 == x1;
    case 1:
      return x0 != x1;
    case 2:
      return x0 < x1;
    case 3:
      return x0 <= x1;
    case 4:
      return x0 > x1;
    default:
      return x0 >= x1;
  }
}

static inline bool nk_logic_of(bool x0, bool x1, int32_t relation) {
  return relation == 0 ? x0 && x1 : x0 || x1;
}

#endif
