/* Float arithmetic that gives the same bits everywhere: no product is fused with a sum.
   GCC does as much under -std=c11; with -std=gnu11 it wants -ffp-contract=off. */
#ifndef NK_FLOAT_H
#define NK_FLOAT_H

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

static inline float nk_within_f32(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return high < raised ? high : raised;
}

#endif
