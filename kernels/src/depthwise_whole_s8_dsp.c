/* DEPTHWISE_CONV_2D, int8, for cores with the DSP extension, with windows of pixels that stand side by side
   in memory: the whole image, or some of a row or column of pixels. Two pixels of four channels at a time are
   widened and multiplied where they are, without scratch memory. A group of four channels has in flash four
   biases, four words of two taps for every two pixels, four first and four second constants of nk_scale_s8.h.
 */
#include "nk_fixed_point.h"
#include "nk_kernels.h"
#include "nk_whole_s8.h"

NK_KERNEL void nk_depthwise_whole_s8_dsp(const int8_t *x, const int32_t *blocks, int8_t *y,
                                         const nk_whole_args *a) {
  for (int32_t i = 0; i < a->outputs; i++) {
    nk_whole_channels_s8(x + i * a->stride, blocks, y + i * a->channels, a);
  }
  const int32_t count = a->narrow ? a->outputs * a->channels : 0;
  for (int32_t i = 0; i < count; i++) y[i] = (int8_t)nk_clamp(y[i], a->low, a->high);
}
