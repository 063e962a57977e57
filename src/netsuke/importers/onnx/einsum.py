"""Einsum of one or two operands: sums, a matrix product of what both have, and a transpose."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.model import Refusal
from netsuke.importers.onnx.writing import Writing

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def einsum(w: Writing) -> None:
    """One or two operands: sums, a matrix product of what both have, and a transpose."""
    equation = w.node.text("equation", "").replace(" ", "")
    terms, _, result = equation.partition("->")
    operands = terms.split(",")
    if len(operands) != len(w.node.inputs) or not 1 <= len(operands) <= 2:
        raise Refusal(w.node, f"equation {equation[:80]!r}; one of one or two operands was wanted")
    parts = [spelled(w, i, term) for i, term in enumerate(operands)]
    if "->" in equation:
        result = result.replace("...", ellipsis_of(operands, parts))
    else:
        letters = "".join(parts)
        once = sorted(
            c for c in set(letters) if letters.count(c) == 1 and c not in ellipsis_of(operands, parts)
        )
        result = ellipsis_of(operands, parts) + "".join(once)
    if any(len(set(p)) != len(p) for p in (*parts, result)) or set(result) - set("".join(parts)):
        raise Refusal(
            w.node, f"equation {equation[:80]!r} takes a diagonal; letters once a term can be compiled"
        )
    if len(parts) == 1:
        name, kept = summed(w, w.node.inputs[0], parts[0], set(result))
        ordered(w, name, kept, result)
        return
    product(w, parts, result)


def spelled(w: Writing, index: int, term: str) -> str:
    """A term with a letter for each dimension; those of an ellipsis are taken from the end of the alphabet."""
    rank = len(w.shape(index))
    before, dots, after = term.partition("...")
    count = rank - len(before) - len(after)
    if count < 0 or (count and not dots):
        raise Refusal(w.node, f"term {term[:40]!r} of a tensor of {rank} dimensions")
    return before + LETTERS[len(LETTERS) - count :] + after


def ellipsis_of(operands: list[str], parts: list[str]) -> str:
    """The letters that the longest ellipsis became."""
    counts = [len(p) - len(t.replace("...", "")) for t, p in zip(operands, parts, strict=True) if "..." in t]
    return LETTERS[len(LETTERS) - max(counts, default=0) :] if counts else ""


def summed(w: Writing, name: str, letters: str, wanted: set[str]) -> tuple[str, str]:
    """Sums over the letters that nobody wants."""
    axes = [i for i, c in enumerate(letters) if c not in wanted]
    if not axes:
        return name, letters
    found = w.add("ReduceSum", name, w.constant(np.array(axes, np.int64)), keepdims=0)
    return found, "".join(c for c in letters if c in wanted)


def ordered(w: Writing, name: str, letters: str, result: str) -> None:
    """The result, its dimensions in their order."""
    perm = tuple(letters.index(c) for c in result)
    if perm == tuple(range(len(perm))):
        w.add("Identity", name, result=w.result)
    else:
        w.add("Transpose", name, result=w.result, perm=perm)


def product(w: Writing, parts: list[str], result: str) -> None:
    """[batch, left, sum] x [batch, sum, right] → [batch, left, right], then the result's order."""
    sizes: dict[str, int] = {}
    for i, letters in enumerate(parts):
        for letter, size in zip(letters, w.shape(i), strict=True):
            if sizes.setdefault(letter, size) != size:
                raise Refusal(
                    w.node, f"sizes {sizes[letter]} and {size} of one letter; equal ones were wanted"
                )
    a, b = (summed(w, w.node.inputs[i], parts[i], {*result, *parts[1 - i]}) for i in (0, 1))
    batch = "".join(c for c in a[1] if c in b[1] and c in result)
    inner = "".join(c for c in a[1] if c in b[1] and c not in result)
    left, right = ("".join(c for c in one if c not in batch + inner) for one in (a[1], b[1]))
    rows = matrix(w, a, (batch, left, inner), sizes)
    columns = matrix(w, b, (batch, inner, right), sizes)
    made = w.add("MatMul", rows, columns)
    whole = batch + left + right
    shape = np.array([sizes[c] for c in whole], np.int64)
    ordered(w, w.add("Reshape", made, w.constant(shape)), whole, result)


def matrix(w: Writing, operand: tuple[str, str], groups: tuple[str, str, str], sizes: dict[str, int]) -> str:
    """An operand with its dimensions in three groups, each made one dimension."""
    name, letters = operand
    perm = tuple(letters.index(c) for c in "".join(groups))
    moved = name if perm == tuple(range(len(perm))) else w.add("Transpose", name, perm=perm)
    shape = np.array([int(np.prod([sizes[c] for c in g])) for g in groups], np.int64)
    return w.add("Reshape", moved, w.constant(shape))
