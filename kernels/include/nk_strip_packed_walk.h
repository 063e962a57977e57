/* CONV_2D with packed weights: pixels two at a time are widened into columns, then multiplied as a strip
   (nk_strip_packed_s8.h). Outside the image the input reads as its zero point. */
#ifndef NK_STRIP_PACKED_WALK_H
#define NK_STRIP_PACKED_WALK_H

#include "nk_gather_s8.h"
#include "nk_strip_packed_s8.h"

static inline void nk_packed_word(uint32_t bytes, int32_t *columns) {
  columns[0] = (int32_t)nk_pairs_02(bytes);
  columns[2] = (int32_t)nk_pairs_13(bytes);
}

/* Widens `groups` x 4 bytes into one pixel's place in the columns; words are loaded by fours, which is
 * cheaper. */
static inline void nk_packed_words(const int8_t *x, int32_t groups, int32_t *columns) {
  for (; groups >= 4; groups -= 4, x += 16, columns += 16) {
    const uint32_t w0 = nk_word(x), w1 = nk_word(x + 4), w2 = nk_word(x + 8), w3 = nk_word(x + 12);
    nk_packed_word(w0, columns);
    nk_packed_word(w1, columns + 4);
    nk_packed_word(w2, columns + 8);
    nk_packed_word(w3, columns + 12);
  }
  for (; groups > 0; groups--, x += 4, columns += 4) nk_packed_word(nk_word(x), columns);
}

/* Widens `length` bytes into one pixel's place in the columns; behind the last one stand zeros. */
static inline void nk_packed_widen(const int8_t *x, int32_t length, int32_t *columns) {
  nk_packed_words(x, length >> 2, columns);
  if ((length & 3) != 0) {
    uint32_t bytes = 0;
    for (int32_t i = length - 1; i >= (length & ~3); i--) bytes = bytes << 8 | (uint8_t)x[i];
    nk_packed_word(bytes, columns + 4 * (length >> 2));
  }
}

/* Where in the scratch memory things lie: columns, offsets of the segments, four channels of two pixels
 * (where there are fewer channels), a window on its way into the columns. */
static inline int32_t *nk_packed_offsets(void *scratch, const nk_packed_args *a) {
  return (int32_t *)scratch + 4 * a->groups;
}

static inline int8_t *nk_packed_staged(void *scratch, const nk_packed_args *a) {
  return (int8_t *)(nk_packed_offsets(scratch, a) + 2 * a->segments);
}

static inline nk_strip_packed nk_strip_packed_of(int32_t *columns, const int32_t *stream, int32_t bits,
                                                 const nk_packed_args *a) {
  const int32_t last = (a->steps - 1) % NK_STRIP_W4_UNROLLED;
  const int32_t skipped = (NK_STRIP_W4_UNROLLED - last) % NK_STRIP_W4_UNROLLED;
  return (nk_strip_packed){
      .columns = columns,
      .columns_end = columns + (bits == 4 ? 2 * a->steps : 4 * a->groups),
      .stream = stream,
      .stream_end = stream + (a->weight_bytes >> 2),
      .stride = a->channels,
      .size = (uint32_t)(bits == 4 ? NK_STRIP_W4_PAIR * skipped : 16 * a->segment),
      .offsets = nk_packed_offsets(columns, a),
  };
}

/* The sums of both pixels' inputs, segment by segment, times -lift. */
static inline void nk_packed_sum(const int32_t *columns, int32_t *offsets, const nk_packed_args *a) {
  for (int32_t left = a->groups; left > 0; left -= a->segment, offsets += 2) {
    int32_t first = 0, second = 0;
    for (int32_t g = nk_min(left, a->segment); g > 0; g--, columns += 4) {
      const int32_t c0 = columns[0], c1 = columns[1], c2 = columns[2], c3 = columns[3];
      first = nk_packed_added((uint32_t)c2, nk_packed_added((uint32_t)c0, first));
      second = nk_packed_added((uint32_t)c3, nk_packed_added((uint32_t)c1, second));
    }
    offsets[0] = -a->lift * first;
    offsets[1] = -a->lift * second;
  }
}

/* A strip whose columns are there, of which `whole` pixels are real. */
static inline void nk_strip_packed_store(nk_strip_packed *s, int8_t *y, int32_t whole, int32_t bits,
                                         const nk_packed_args *a) {
  int8_t *const few = nk_packed_staged(s->columns, a);
  nk_packed_sum(s->columns, nk_packed_offsets(s->columns, a), a);
  s->y = y;
  s->stride = whole > 1 ? a->channels : 0;
  if (a->channels < 4) s->y = few, s->stride = 4;
  if (bits == 4 && a->once) {
    nk_strip_once_w4(s);
  } else if (bits == 4) {
    nk_strip_general_w4(s);
  } else if (a->once) {
    nk_strip_once_w2(s);
  } else {
    nk_strip_general_w2(s);
  }
  for (int32_t p = 0; a->channels < 4 && p < whole; p++)
    memcpy(y + p * a->channels, few + 4 * p, (size_t)a->channels);
  for (int32_t c = 0; a->narrow && c < whole * a->channels; c++)
    y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
}

/* A window whose rows are four bytes or fewer, some of it inside the image: each is read as a word, as long
 * as that is of the image, and what lies outside is masked. The word's bytes behind the row are written over
 * by the next row. */
static inline void nk_packed_short_rows(const int8_t *x, int32_t iy, int32_t from, int8_t *staged,
                                        const nk_packed_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t size = a->in_h * width;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t before = nk_max(-from, 0);
  const uint32_t inside = UINT32_MAX << (8 * before) & UINT32_MAX >> (8 * nk_max(from + 4 - width, 0));
  const uint32_t outside = 0x01010101U * (uint8_t)a->x_zero;
  int32_t at = iy * width + from + before;
  for (int32_t left = a->kernel_h; left > 0; left--, at += width, staged += run) {
    uint32_t bytes = outside;
    if (at >= 0 && at < size) {
      bytes = 0;
      if (at + 4 <= size) {
        bytes = nk_word(x + at);
      } else {
        for (int32_t i = size - 1; i >= at; i--) bytes = bytes << 8 | (uint8_t)x[i];
      }
      bytes = (bytes << (8 * before) & inside) | (outside & ~inside);
    }
    memcpy(staged, &bytes, 4);
  }
}

/* Any other window: rows of whole groups straight into the columns, else by way of `staged`. */
static inline void nk_packed_rows(const int8_t *x, int32_t iy, int32_t from, int32_t *columns, int8_t *staged,
                                  const nk_packed_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t inside = from >= 0 && from + run <= width;
  for (int32_t left = a->kernel_h; left > 0; left--, iy++) {
    const int32_t there = iy >= 0 && iy < a->in_h;
    const int8_t *const row = x + iy * width * there;
    if (there && inside) {
      if (a->whole_groups) {
        nk_packed_words(row + from, run >> 2, columns);
      } else {
        nk_copy_run(staged, row + from, run);
      }
    } else {
      nk_gather_run(staged, row, from, run, there ? width : 0, a->x_zero);
      if (a->whole_groups) nk_packed_words(staged, run >> 2, columns);
    }
    columns += a->whole_groups ? run : 0;
    staged += a->whole_groups ? 0 : run;
  }
}

/* The window of the output pixel (oy, ox), as one pixel of the columns. */
static inline void nk_packed_window(const int8_t *x, int32_t oy, int32_t ox, int32_t *columns, int8_t *staged,
                                    const nk_packed_args *a) {
  const int32_t iy = oy * a->stride_h - a->pad_h;
  const int32_t from = (ox * a->stride_w - a->pad_w) * a->in_c;
  if (a->short_rows && from > -4 && from < a->in_w * a->in_c) {
    nk_packed_short_rows(x, iy, from, staged, a);
    nk_packed_widen(staged, a->depth, columns);
    return;
  }
  nk_packed_rows(x, iy, from, columns, staged, a);
  if (!a->whole_groups) nk_packed_widen(staged, a->depth, columns);
}

/* Windows of one pixel: the input of a strip is widened before its output is written. */
static inline void nk_pointwise_packed(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                       int32_t bits, const nk_packed_args *a) {
  int32_t *const columns = scratch;
  nk_strip_packed s = nk_strip_packed_of(columns, w, bits, a);
  for (int32_t left = a->pixels; left > 0; left -= 2, y += 2 * a->channels) {
    const int32_t whole = nk_min(left, 2);
    for (int32_t p = 0; p < whole; p++, x += a->depth) nk_packed_widen(x, a->depth, columns + p);
    nk_strip_packed_store(&s, y, whole, bits, a);
  }
}

static inline void nk_conv_2d_packed(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                     int32_t bits, const nk_packed_args *a) {
  int32_t *const columns = scratch;
  int8_t *const staged = nk_packed_staged(scratch, a) + (a->channels < 4 ? 8 : 0);
  nk_strip_packed s = nk_strip_packed_of(columns, w, bits, a);
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left -= 2, y += 2 * a->channels) {
    const int32_t whole = nk_min(left, 2);
    for (int32_t p = 0; p < whole; p++) {
      nk_packed_window(x, oy, ox, columns + p, staged, a);
      if (++ox == a->out_w) ox = 0, oy++;
    }
    nk_strip_packed_store(&s, y, whole, bits, a);
  }
}

#endif
