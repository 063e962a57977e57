"""The ONNX standard's node tests, as they ship in the onnx package, made ready for an importer of fixed models.

In a node test every operand is an input of the model, weights and shapes too. Where the importer wants a constant the
test's own value becomes an initialiser: `variants` gives the same test with fewer and fewer inputs left.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.errors import InputError
from netsuke.ir import Array

BFLOAT16 = 16
"""Its number among ONNX's element types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTest:
    """One test of the standard: a model, the values of its inputs, what comes out, and how near one must come."""

    name: str
    proto: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    rtol: float
    atol: float

    @property
    def brief(self) -> bool:
        """Whether bfloat16 is in it, of whose 8 bits the last one may differ."""
        kinds = {v.type.tensor_type.elem_type for v in (*self.proto.graph.input, *self.proto.graph.output)}
        return BFLOAT16 in kinds

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators in it, each once, their domain in front unless it is ONNX's own."""
        nodes = self.proto.graph.node
        names = (n.op_type if n.domain in ("", "ai.onnx") else f"{n.domain}.{n.op_type}" for n in nodes)
        return tuple(dict.fromkeys(names))

    @property
    def base(self) -> str:
        """The name without what says that the operator is written out as the standard's function body."""
        return re.sub(r"_expanded.*$", "", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The model's bytes with some inputs made constants, and the values of those that are left."""

    data: bytes
    inputs: tuple[Array, ...]
    frozen: int


def node_tests() -> tuple[NodeTest, ...]:
    """Every test, by name.

    Raises:
        InputError: when the onnx package is not installed.
    """
    try:
        from onnx.backend.test.loader import load_model_tests
    except ImportError:
        raise InputError("the ONNX node tests are in the onnx package: pip install 'netsuke[onnx]'") from None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        cases = load_model_tests(kind="node")
    found = []
    for case in cases:
        inputs, outputs = ([whole(v) for v in values] for values in case.data_sets[0])
        found.append(
            NodeTest(
                name=case.name, proto=case.model, inputs=tuple(inputs), outputs=tuple(outputs),
                rtol=case.rtol, atol=case.atol,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda test: test.name))


def whole(value: Any) -> Any:
    """A single number as an array of no dimensions, a tensor of the standard as an array; other things as they are.

    bfloat16 is float32, as our importer has it.
    """
    from onnx import TensorProto, numpy_helper

    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    kind = getattr(getattr(value, "dtype", None), "name", "")
    if kind == "bfloat16":
        return np.asarray(value).astype(np.float32)
    return np.asarray(value) if isinstance(value, np.generic) else value


def foreign(test: NodeTest) -> str:
    """Which element types or containers of a test no graph of ours holds; '' when there are none."""
    kinds = [
        v.dtype.name if isinstance(v, np.ndarray) else type(v).__name__ for v in (*test.inputs, *test.outputs)
    ]
    strange = dict.fromkeys(
        k for k in kinds if not re.fullmatch(r"bool|u?int(2|4|8|16|32|64)|float(16|32|64)", k)
    )
    return ", ".join(strange)


def halves(test: NodeTest) -> bool:
    """Whether half precision is in it: we compute in float32, whose results are nearer to the true ones."""
    arrays = [v for v in (*test.inputs, *test.outputs) if isinstance(v, np.ndarray)]
    casts = (
        a.i for n in test.proto.graph.node for a in n.attribute if n.op_type == "Cast" and a.name == "to"
    )
    return any(v.dtype == np.float16 for v in arrays) or any(to in (10, 16) for to in casts)


def subjects(tests: Sequence[NodeTest]) -> dict[str, str]:
    """Test name → the operator that it is about; a function's body counts with the operator it stands for."""
    plain_last = sorted(tests, key=lambda t: t.name == t.base)  # a body may be a single operator too
    single = {t.base: t.operators[0] for t in plain_last if len(t.operators) == 1}
    return {t.name: single.get(t.base, "+".join(t.operators)) for t in tests}


def variants(test: NodeTest) -> Iterator[Variant]:
    """All inputs left; those of whole numbers made constants; all but the first; none left. Each once."""
    if foreign(test):
        return
    count = len(test.inputs)
    whole = {i for i, v in enumerate(test.inputs) if v.dtype.kind in "iub"}
    seen: set[frozenset[int]] = set()
    for frozen in (set(), whole, whole - {0}, set(range(1, count)), set(range(count))):
        key = frozenset(frozen)
        if key not in seen:
            seen.add(key)
            yield with_constants(test, key)


def with_constants(test: NodeTest, frozen: frozenset[int]) -> Variant:
    """The test with these inputs as initialisers."""
    import onnx
    from onnx import numpy_helper

    proto = onnx.ModelProto()
    proto.CopyFrom(test.proto)
    kept = [v for i, v in enumerate(test.proto.graph.input) if i not in frozen]
    for i in sorted(frozen):
        name = test.proto.graph.input[i].name
        proto.graph.initializer.append(numpy_helper.from_array(test.inputs[i], name))
    del proto.graph.input[:]
    proto.graph.input.extend(kept)
    left = tuple(v for i, v in enumerate(test.inputs) if i not in frozen)
    return Variant(data=bytes(proto.SerializeToString()), inputs=left, frozen=len(frozen))
