#ifndef HAND_CHECKED_WEIGHTS_H
#define HAND_CHECKED_WEIGHTS_H

#include "hand_checked_kernels.h"

/* 1x1: channels by two x inputs by four, 4 bits a weight */
static const int32_t hand_checked_model_lines_weights[1] = {
    754974720};

/* 2x3: channels x bias, multiplier, shift */
static const int32_t hand_checked_model_lines_scales[6] = {
    -32767, 1073741824, 1, -32768, 1073741824, 1};

static const nk_halves_args hand_checked_model_lines_args = {
    .pixels = 4, .channels = 2, .depth = 4, .cut = 4, .in_h = 2, .in_w = 2, .in_c = 1, .out_w = 2,
    .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1, .pad_h = 0, .pad_w = 0, .x_zero = 0,
    .stride = 3, .shift = 0, .low = -128, .high = 127, .y_zero = 0};

static const nk_pool_2d_args hand_checked_peaks_args = {
    .in_h = 2, .in_w = 2, .channels = 2, .out_h = 1, .out_w = 1, .kernel_h = 2, .kernel_w = 2, .stride_h = 2,
    .stride_w = 2, .pad_h = 0, .pad_w = 0, .clamp_low = -128, .clamp_high = 127};

/* 1x1: channels by two x inputs by four, 4 bits a weight */
static const int32_t hand_checked_scores_weights[1] = {
    304021504};

/* 2: input zero point folded in */
static const int32_t hand_checked_scores_bias[2] = {
    0, 1};

/* 1x2: channels or 1 x high and low 31 bits */
static const int32_t hand_checked_scores_multiplier[2] = {
    1073741824, 256};

/* 1 */
static const int8_t hand_checked_scores_shift[1] = {
    30};

static const nk_fully_connected_args hand_checked_scores_args = {
    .rows = 1, .depth = 2, .channels = 2, .y_zero = 0, .low = -128, .high = 127, .scale_step = 0};

#endif
