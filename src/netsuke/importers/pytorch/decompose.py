"""Calls without a translation of their own, taken apart by torch into calls that have one."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import Any

ROUNDS = 3
"""What one round gives may have to be taken apart again."""


def decomposed(torch: Any, program: Any, known: Collection[str]) -> Any:
    """The program without calls that are not `known` (by name, without overload), where torch can do without them.

    Everything else stays as it is: a recurrent layer remains one call; so does a call that would come apart into others
    that are not known either, so that errors name what was written.
    """
    table = torch.export.default_decompositions()
    wanted = unknown_calls(program, known)
    result = apart(program, wanted, table, known)
    if not unknown_calls(result, known) - wanted:
        return result
    fine = {op for op in wanted if not unknown_calls(apart(program, {op}, table, known), known) - wanted}
    return apart(program, fine, table, known)


def apart(program: Any, wanted: set[Any], table: Any, known: Collection[str]) -> Any:
    """The program with some operators taken apart, and what becomes of them too."""
    others = unknown_calls(program, known) - wanted
    for _ in range(ROUNDS):
        chosen = {op: table[op] for op in unknown_calls(program, known) - others if op in table}
        if not chosen:
            break
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = program.run_decompositions(chosen)
    return program


def unknown_calls(program: Any, known: Collection[str]) -> set[Any]:
    """The operators of calls that inputs decide and that are not known."""
    inputs = set(program.graph_signature.user_inputs)
    decided: set[str] = set()
    found: set[Any] = set()
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in inputs:
            decided.add(node.name)
        elif node.op == "call_function" and any(n.name in decided for n in node.all_input_nodes):
            decided.add(node.name)
            schema = getattr(node.target, "_schema", None)
            if schema is not None and schema.name.split("::")[-1] not in known:
                found.add(node.target)
    return found
