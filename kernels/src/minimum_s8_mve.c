/* MINIMUM, int8, for cores with Helium: equal shapes, or one operand repeated along the leading or the
   trailing dimensions. */
#include "nk_kernels.h"
#include "nk_mve_extremum_s8.h"

NK_MVE_EXTREMUM_ROW(nk_mve_minimum_row, "vmin.s8", <)

NK_KERNEL void nk_minimum_s8_mve(const int8_t *x0, const int8_t *x1, int8_t *y, const nk_extremum_args *a) {
  nk_mve_extremum_rows(nk_mve_minimum_row, x0, x1, y, a);
}
