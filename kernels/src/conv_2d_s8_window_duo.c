/* CONV_2D, int8, for cores with the DSP extension, where RAM is short: one window at a time, copied as it is,
   then a row of inputs (nk_row_duo_s8.h). A quarter of the scratch of a strip, for a quarter more cycles. */
#include "nk_gather_s8.h"
#include "nk_kernels.h"
#include "nk_row_duo_s8.h"

/* The window of the output pixel (oy, ox); outside the image the input reads as its zero point. */
static inline void nk_window_duo_gather(const int8_t *x, int32_t oy, int32_t ox, int8_t *window,
                                        const nk_strip_args *a) {
  const int32_t width = a->in_w * a->in_c;
  const int32_t run = a->kernel_w * a->in_c;
  const int32_t from = (ox * a->stride_w - a->pad_w) * a->in_c;
  int32_t iy = oy * a->stride_h - a->pad_h;
  for (int32_t left = a->kernel_h; left > 0; left--, iy++, window += run) {
    if (iy < 0 || iy >= a->in_h) {
      memset(window, a->x_zero, (size_t)run);
    } else {
      nk_gather_run(window, x + iy * width, from, run, width, a->x_zero);
    }
  }
}

static inline void nk_window_duo_multiply(const nk_row_duo *s, const nk_strip_args *a) {
  if (a->relu) {
    nk_row_duo_fine_s8(s);
  } else {
    nk_row_duo_signed_s8(s);
  }
}

NK_KERNEL void nk_conv_2d_s8_window_duo(const int8_t *x, const int32_t *w, int8_t *y, void *scratch,
                                        const nk_strip_args *a) {
  int8_t *const window = scratch;
  const int32_t block = 8 * a->groups + (a->relu ? 24 : 25);
  const int32_t *const end = w + block * (a->channels >> 3);
  nk_row_duo s = {.x = window, .x_end = window + 4 * a->groups};
  nk_row_duo_enter(&s, 4 * a->groups);
  /* The last group may reach behind the window, to weights of zero. */
  memset(window + a->depth, 0, (size_t)(4 * a->groups - a->depth));
  int32_t oy = 0;
  int32_t ox = 0;
  for (int32_t left = a->pixels; left > 0; left--, y += a->channels) {
    nk_window_duo_gather(x, oy, ox, window, a);
    if (++ox == a->out_w) ox = 0, oy++;
    s.stream = w;
    s.stream_end = end;
    s.y = y;
    nk_window_duo_multiply(&s, a);
    if ((a->channels & 7) != 0) { /* the last eight channels overlap the ones before */
      s.stream = end;
      s.stream_end = end + block;
      s.y = y + a->channels - 8;
      nk_window_duo_multiply(&s, a);
    }
    for (int32_t c = 0; a->narrow && c < a->channels; c++) y[c] = (int8_t)nk_clamp(y[c], a->low, a->high);
  }
}
