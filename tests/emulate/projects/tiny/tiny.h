/* A hand-made project in the shape that codegen writes: 8x8 image, 3x3 convolution, global sum, 4 scores. */
#ifndef TINY_H
#define TINY_H

#include <stdint.h>

#define TINY_ARENA_BYTES 384
#define TINY_INPUT_0_OFFSET 0
#define TINY_INPUT_0_BYTES 64
#define TINY_OUTPUT_0_OFFSET 368
#define TINY_OUTPUT_0_BYTES 4

int tiny_invoke(void *arena, const int8_t *input, int8_t *output);

#endif
