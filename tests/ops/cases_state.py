"""Cases of READ_VARIABLE and ASSIGN_VARIABLE: a step that reads a state and puts a new value there.

The cases have two nodes, since a state that is only read or only written has no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType, Graph, Node, State, Tensor, TensorType
from netsuke.ops.state import AssignVariable, ReadVariable
from tests.ops.case import Case, tensor_type


def cases() -> Iterator[Case]:
    """Odd and even sizes of every kind of element; read before the write and after it."""
    for dtype, scale in ((DType.INT8, 0.1), (DType.INT16, 0.001), (DType.FLOAT32, None)):
        for shape in ((1,), (1, 3), (1, 5, 1, 7), (2, 40)):
            kind = tensor_type(shape, dtype, scale, -3 if dtype is DType.INT8 else 0)
            for read_first in (True, False):
                yield delay(kind, read_first=read_first)


def delay(kind: TensorType, *, read_first: bool) -> Case:
    """The output is the input of the step before when the state is read first, else the input itself."""
    tensors = {
        name: Tensor(name=name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization)
        for name in ("x", "y")
    }
    read = Node(op="read_variable", name="read", inputs=(), outputs=("y",), args=ReadVariable(variable="s"))
    write = Node(
        op="assign_variable", name="write", inputs=("x",), outputs=(), args=AssignVariable(variable="s")
    )
    initial = np.arange(kind.elements).reshape(kind.shape).astype(kind.dtype.numpy)
    order = "read-first" if read_first else "write-first"
    shape = "x".join(map(str, kind.shape))
    return Case(
        id=f"read_variable-{kind.dtype.value}-{shape}-{order}",
        graph=Graph(
            name="case",
            tensors=tensors,
            nodes=(read, write) if read_first else (write, read),
            inputs=("x",),
            outputs=("y",),
            states=(State(name="s", type=kind, initial=initial),),
        ),
    )
