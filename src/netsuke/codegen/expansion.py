"""Kernels compiled into the layers that call them, beside kernels that layers share.

An expanded kernel is inlined, with the helpers that it is made of, so that the compiler sees the layer's sizes as
constants and drops what the layer does not need. Layers that share such a kernel all the same call one copy of it, a
function of its own.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from netsuke.codegen.style import call as broken_call
from netsuke.codegen.style import function
from netsuke.ops.kernel import Kernel
from netsuke.ops.program import Program
from netsuke.plan import Plan

INLINED = re.compile(r"\bstatic inline\b|\bNK_KERNEL\b")
DEFINITION = """
/* What is marked so is compiled into every layer that calls it, with the layer's sizes as constants. */
#if defined(__GNUC__) || defined(__clang__)
#define NK_EXPANDED static inline __attribute__((always_inline))
#else
#define NK_EXPANDED static inline
#endif
"""


def expanded_text(text: str) -> str:
    """A kernel's or a support header's C with every inline function marked."""
    return INLINED.sub("NK_EXPANDED", text)


def expanded_kernels(program: Program) -> frozenset[str]:
    """Names of the kernels that some layer expands, here or in another model of the image."""
    calls = (found for step in program.steps for found in step.calls_by_node)
    own = frozenset(call.kernel.name for node, call in calls if node.name in program.expanded)
    return own | program.beside


def function_name(program: Program, node: str, kernel: Kernel) -> str:
    """The function that a node's layer calls."""
    shared = node not in program.expanded and kernel.name in expanded_kernels(program)
    return shared_name(kernel) if shared else kernel.name


def shared_name(kernel: Kernel) -> str:
    """The one copy of a kernel that other layers expand."""
    return f"{kernel.name}_shared"


def shared_functions(*plans: Plan, but: Container[str] = ()) -> list[str]:
    """The definitions of these copies, for all models of an image. Nodes that need no code call none.

    `but`: kernels that these layers call in another way.
    """
    sharing = {
        call.kernel.name: call.kernel
        for plan in plans
        for step in plan.steps
        for node, call in step.calls_by_node
        if node.name not in plan.program.expanded and call.kernel.name in expanded_kernels(plan.program)
    }
    return [shared_function(kernel) for name, kernel in sorted(sharing.items()) if name not in but]


def shared_function(kernel: Kernel) -> str:
    """One of them."""
    parameters = [*(f"{p.ctype} *{p.name}" for p in kernel.params), f"const {kernel.args.c_name} *a"]
    names: Iterable[str] = (*(p.name for p in kernel.params), "a")
    return function(
        f"static NK_LAYER void {shared_name(kernel)}(",
        parameters,
        [broken_call(f"  {kernel.name}(", list(names))],
    )
