#include "tiny.h"

#include <string.h>

static const int8_t conv_weights[4][9] = {{1, 2, 3, 4, 5, 6, 7, 8, 9},
                                          {-1, 0, 1, -2, 0, 2, -1, 0, 1},
                                          {3, -3, 3, -3, 3, -3, 3, -3, 3},
                                          {0, 1, 0, 1, -4, 1, 0, 1, 0}};

static int8_t clamp(int32_t x) { return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x); }

/* (8, 8) -> (6, 6, 4) */
__attribute__((noinline)) static void tiny_conv(const int8_t *in, int8_t *out) {
  for (int y = 0; y < 6; y++) {
    for (int x = 0; x < 6; x++) {
      for (int c = 0; c < 4; c++) {
        int32_t sum = 0;
        for (int k = 0; k < 9; k++) {
          sum += conv_weights[c][k] * in[(y + k / 3) * 8 + x + k % 3];
        }
        *out++ = clamp(sum >> 4);
      }
    }
  }
}

/* (6, 6, 4) -> (4) */
__attribute__((noinline)) static void tiny_sum(const int8_t *in, int32_t *out) {
  int32_t sums[4] = {0, 0, 0, 0};
  for (int i = 0; i < 36 * 4; i++) {
    sums[i & 3] += in[i] > 0 ? in[i] : 0;
  }
  memcpy(out, sums, sizeof sums);
}

/* (4) -> (4) */
__attribute__((noinline)) static void tiny_scale(const int32_t *in, int8_t *out) {
  for (int i = 0; i < 4; i++) {
    out[i] = clamp((int32_t)(((int64_t)in[i] * 0x12345678) >> 34) - 100);
  }
}

int tiny_invoke(void *arena, const int8_t *input, int8_t *output) {
  uint8_t *const base = arena;
  int8_t *const maps = (int8_t *)(base + 64);
  int32_t *const sums = (int32_t *)(void *)(base + 352);
  tiny_conv(input, maps);
  tiny_sum(maps, sums);
  tiny_scale(sums, output);
  return 0;
}
