"""The names that measurements are kept under: digests of a layer's kernels and shapes, and of a kernel alone."""

from __future__ import annotations

import hashlib
import re
from functools import cache

from netsuke.codegen.amalgamate import amalgamate
from netsuke.codegen.literals import struct
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Pointer, Scratch
from netsuke.ops.program import Step

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
SPACE = re.compile(r"\s+")


def digest(*parts: str) -> str:
    """Twelve hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


@cache
def _c_digest(name: str, kernel_text: str) -> str:
    del name
    return digest(SPACE.sub(" ", COMMENT.sub(" ", kernel_text)).strip())


@cache
def _amalgam(kernel: Kernel) -> str:
    return amalgamate([kernel], "KERNEL_H")


def kernel_key(kernel: Kernel) -> str:
    """A digest of all the C that the kernel is made of: comments and line breaks do not count."""
    return _c_digest(kernel.name, _amalgam(kernel))


def layer_key(step: Step) -> str:
    """A digest of the kernels, their argument structs and the sizes of what they point to; values of weights are not
    in it: the instructions that a kernel executes do not hang on them."""
    return digest("layer", *(part for call in step.calls for part in call_parts(call, step)))


def call_parts(call: Call, step: Step) -> tuple[str, ...]:
    """What a call's count may hang on."""
    pointers = (pointer_text(pointer, step) for pointer in call.pointers)
    return (kernel_key(call.kernel), struct("args", call.args), *pointers)


def pointer_text(pointer: Pointer, step: Step) -> str:
    """A pointer without its value."""
    if isinstance(pointer, Constant):
        return f"constant {pointer.data.dtype} {pointer.data.size}"
    if isinstance(pointer, Scratch):
        return f"scratch {pointer.nbytes}"
    if isinstance(pointer, Input):
        tensor = step.site.x(pointer.index)
        return f"input {pointer.index} {pointer.offset} {tensor.dtype.value} {tensor.is_constant}"
    if isinstance(pointer, Output):
        return f"output {pointer.index} {pointer.offset} {step.site.y(pointer.index).dtype.value}"
    return "state"
