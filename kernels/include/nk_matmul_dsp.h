/* Products of two computed matrices on cores with the DSP extension: two rows of A times two columns of B.

   A's rows lie in one piece each. Two columns of B at a time become a panel of halfword pairs, its zero point
   taken off, for all rows of A: so it does not matter how B lies. A tile of 2 x 2 outputs goes through the
   panel; rows whose length is no multiple of four bytes are copied, two by two, and met by zeros of the
   panel. An odd last row or column is done twice. */
#ifndef NK_MATMUL_DSP_H
#define NK_MATMUL_DSP_H

#include <stdint.h>
#include <string.h>

#include "nk_args.h"

/* What a pass over `pairs` pairs of rows reads and writes; the assembly counts on the order. Steps in bytes:
   `step` to A's second row, `to_next` from the first row's end to the next pair, `y_row` and `y_column` to an
   output's neighbours. `first`: groups in the first round of the loop. */
typedef struct nk_matmul_pass {
  const void *a;
  int32_t step;
  int32_t first;
  const int32_t *panel;
  const int32_t *panel_end;
  int32_t pairs;
  void *y;
  int32_t y_row;
  int32_t y_column;
  int32_t to_next;
  int32_t start[2];
  int32_t scale[4];
} nk_matmul_pass;

typedef void nk_matmul_function(nk_matmul_pass *s);

/* Two columns of B from `b` on, `second` elements apart, as a panel; the sums of both where they matter. */
typedef void nk_matmul_pack(int32_t *panel, int32_t sums[2], const void *b, int32_t second,
                            const nk_matmul_dsp_args *a);

typedef struct nk_matmul_form {
  nk_matmul_function *run;
  nk_matmul_pack *pack;
  int32_t a_bytes;
  int32_t b_bytes;
} nk_matmul_form;

/* Rows of A that need no copy. */
static inline void nk_matmul_whole_rows(nk_matmul_form f, nk_matmul_pass *s, int32_t rows) {
  s->pairs = rows / 2;
  s->to_next = s->step;
  if (s->pairs > 0) f.run(s);
  if (rows % 2 == 0) return;
  s->pairs = 1;
  s->step = 0;
  s->y_row = 0;
  f.run(s);
}

/* Rows of A by way of `copies`, which has room for two of them and what is missing to four bytes. */
static inline void nk_matmul_copied_rows(nk_matmul_form f, nk_matmul_pass *s, uint8_t *copies, int32_t rows,
                                         int32_t row_bytes) {
  const uint8_t *from = s->a;
  const int32_t padded = (row_bytes + 3) & ~3;
  for (int32_t i = 0; i < rows; i += 2) {
    const int32_t both = i + 1 < rows;
    memcpy(copies, from, (size_t)row_bytes);
    if (both) memcpy(copies + padded, from + row_bytes, (size_t)row_bytes);
    s->a = copies;
    s->step = both ? padded : 0;
    s->y_row = both ? s->y_row : 0;
    s->pairs = 1;
    f.run(s);
    from += 2 * row_bytes;
  }
}

/* One product: `scratch` holds the panel, and then the copied rows. */
static inline void nk_matmul_one(nk_matmul_form f, const uint8_t *x, const uint8_t *w, uint8_t *y,
                                 uint8_t *scratch, const nk_matmul_dsp_args *a) {
  int32_t *const panel = (int32_t *)(void *)scratch;
  int32_t *const end = panel + a->panel_words;
  const int32_t row_bytes = a->depth * f.a_bytes;
  uint8_t *const copies = (uint8_t *)end;
  if (row_bytes & 3) memset(copies, 0, 2 * (size_t)((row_bytes + 3) & ~3));
  for (int32_t j = 0; j < a->columns; j += 2) {
    const int32_t two = j + 1 < a->columns;
    int32_t sums[2] = {0, 0};
    f.pack(panel, sums, w + j * a->b_column * f.b_bytes, two ? a->b_column : 0, a);
    nk_matmul_pass s = {.a = x,
                        .step = row_bytes,
                        .first = a->first,
                        .panel = panel,
                        .panel_end = end,
                        .y = y + j * a->y_column * f.a_bytes,
                        .y_row = a->y_row * f.a_bytes,
                        .y_column = two ? a->y_column * f.a_bytes : 0,
                        .start = {-a->a_zero * sums[0], -a->a_zero * sums[1]},
                        .scale = {a->scale[0], a->scale[1], a->scale[2], a->scale[3]}};
    if (row_bytes & 3) {
      nk_matmul_copied_rows(f, &s, copies, a->rows, row_bytes);
    } else {
      nk_matmul_whole_rows(f, &s, a->rows);
    }
  }
}

static inline void nk_matmul_batches(nk_matmul_form f, const void *x, const void *w, void *y, void *scratch,
                                     const nk_matmul_dsp_args *a) {
  uint8_t *to = y;
  for (int32_t b0 = 0; b0 < a->batches[0]; b0++) {
    for (int32_t b1 = 0; b1 < a->batches[1]; b1++) {
      for (int32_t b2 = 0; b2 < a->batches[2]; b2++, to += a->rows * a->columns * f.a_bytes) {
        const int32_t xb = b0 * a->a_batch[0] + b1 * a->a_batch[1] + b2 * a->a_batch[2];
        const int32_t wb = b0 * a->b_batch[0] + b1 * a->b_batch[1] + b2 * a->b_batch[2];
        nk_matmul_one(f, (const uint8_t *)x + xb * f.a_bytes, (const uint8_t *)w + wb * f.b_bytes, to,
                      scratch, a);
      }
    }
  }
}

#endif
