/* The part of an image that one output pixel of a convolution sees.
   It is `rows` x `runs` pieces of `length` elements that lie one after the other in the image and in the
   weights. Steps lead from a piece to the next, in elements of the image and of one channel's weights; the
   weights' may be negative, since a transposed convolution walks its window backwards. */
#ifndef NK_PATCH_H
#define NK_PATCH_H

#include <stdint.h>

typedef struct nk_patch {
  int32_t rows;
  int32_t runs;
  int32_t length;
  int32_t x_first;
  int32_t x_row;
  int32_t x_run;
  int32_t w_first;
  int32_t w_row;
  int32_t w_run;
} nk_patch;

/* Along one axis: the taps inside the image (the first one and how many), and where in the image the first
 * one lies. */
typedef struct nk_span {
  int32_t tap;
  int32_t count;
  int32_t at;
} nk_span;

/* The span of a convolution's window whose tap 0 lies at `origin`. */
static inline nk_span nk_conv_span(int32_t origin, int32_t dilation, int32_t kernel, int32_t size) {
  nk_span span = {0, 0, origin};
  for (; span.at < 0; span.at += dilation) span.tap++;
  int32_t end = kernel;
  while (end > span.tap && origin + (end - 1) * dilation >= size) end--;
  span.count = end > span.tap ? end - span.tap : 0;
  return span;
}

/* The span of a transposed convolution's output that lies `place` = output + padding elements from input 0's
 * tap 0. */
static inline nk_span nk_transpose_span(int32_t place, int32_t stride, int32_t kernel, int32_t size) {
  nk_span span = {0, 0, 0};
  if (place >= kernel) span.at = (place - kernel) / stride + 1;
  const int32_t last = place / stride < size ? place / stride : size - 1;
  span.count = last >= span.at ? last - span.at + 1 : 0;
  span.tap = place - span.at * stride;
  return span;
}

/* `line` elements make a row of the image. Taps that lie side by side in the image become one piece. */
static inline nk_patch nk_conv_patch(nk_span rows, nk_span columns, int32_t line, int32_t in_c,
                                     int32_t group_in, int32_t kernel_w, int32_t dilation_h,
                                     int32_t dilation_w) {
  const int32_t joined = group_in == in_c && dilation_w == 1;
  nk_patch p;
  p.rows = rows.count;
  p.runs = joined ? 1 : columns.count;
  p.length = joined ? columns.count * in_c : group_in;
  p.x_first = rows.at * line + columns.at * in_c;
  p.x_row = dilation_h * line;
  p.x_run = dilation_w * in_c;
  p.w_first = (rows.tap * kernel_w + columns.tap) * group_in;
  p.w_row = kernel_w * group_in;
  p.w_run = group_in;
  return p;
}

static inline nk_patch nk_transpose_patch(nk_span rows, nk_span columns, int32_t line, int32_t in_c,
                                          int32_t kernel_w, int32_t stride_h, int32_t stride_w) {
  nk_patch p;
  p.rows = rows.count;
  p.runs = columns.count;
  p.length = in_c;
  p.x_first = rows.at * line + columns.at * in_c;
  p.x_row = line;
  p.x_run = in_c;
  p.w_first = (rows.tap * kernel_w + columns.tap) * in_c;
  p.w_row = -stride_h * kernel_w * in_c;
  p.w_run = -stride_w * in_c;
  return p;
}

#endif
