/* What every kernel file includes: argument structs, fixed-point and float arithmetic, prototypes.
   NK_KERNEL is empty when the kernels are built as a library of their own, and `static` inside a generated
   project. */
#ifndef NK_KERNELS_H
#define NK_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef NK_KERNEL
#define NK_KERNEL
#endif

#include "nk_fixed_point.h"
#include "nk_prototypes.h"

#endif
