#ifndef HAND_CHECKED_TEST_VECTORS_H
#define HAND_CHECKED_TEST_VECTORS_H

#include <stdint.h>

#define NK_VECTORS 1

static const uint8_t nk_vector_input_0[1][4] = {
    {
        1, 2, 3, 4}};

static const uint8_t nk_vector_output_0[1][2] = {
    {
        6, 22}};

#endif /* HAND_CHECKED_TEST_VECTORS_H */
