"""The operators: one file a family, each operator one value; `interpret` runs a graph with their references."""

from netsuke.ops.interpret import Values, initial_states, interpret
from netsuke.ops.kernel import Call, Kernel
from netsuke.ops.operator import Operator, Site
from netsuke.ops.registry import kernels, operator, operators, site

__all__ = [
    "Call",
    "Kernel",
    "Operator",
    "Site",
    "Values",
    "initial_states",
    "interpret",
    "kernels",
    "operator",
    "operators",
    "site",
]
