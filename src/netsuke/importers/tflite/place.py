"""One operator of the file as its decoder sees it, and the graph that decoders build."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from netsuke.errors import ImportModelError
from netsuke.importers.tflite import constants, names
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.options import NoOptions, Options
from netsuke.importers.tflite.records import ABSENT, ElementType, ModelRecord, OperatorRecord, SubgraphRecord
from netsuke.ir import Args, Array, DType, Node, Tensor, TensorType
from netsuke.ops.activation import Activation, Clamp, clamp_of

T = TypeVar("T", bound=Options)

ACTIVATIONS = {0: Activation.NONE, 1: Activation.RELU, 2: Activation.RELU_N1_TO_1, 3: Activation.RELU6}
INTEGERS = (ElementType.INT32, ElementType.INT64)
MAX_CONSTANT_BYTES = 1 << 28
"""All constants together; weights that a file shares between layers count once a layer."""
MAX_INTS = 64
"""Numbers of an operand that says a shape, axes or paddings."""


class CannotDecode(Exception):  # noqa: N818
    """Raised by a decoder for a form of an operator that netsuke does not have; its text is the hint."""


class Builder:
    """The graph under construction: tensors are added as operators name them."""

    def __init__(self, model: ModelRecord, subgraph: SubgraphRecord) -> None:
        self.model = model
        self.subgraph = subgraph
        self.names = names.unique_names([t.name for t in subgraph.tensors])
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.variables: dict[int, str] = {}
        """Tensor index of a resource handle → name of the state."""
        self._taken_tensors = names.Names(self.names)
        self._taken_nodes = names.Names()
        self._constant_bytes = 0
        self._computed = {i for op in subgraph.operators for i in op.outputs} | set(subgraph.inputs)

    def is_constant(self, index: int) -> bool:
        """Whether the file holds the tensor's value."""
        record = self.subgraph.tensors[index]
        if index in self._computed or record.is_variable:
            return False
        if not self.model.buffers:
            return False
        return self.raw(index).nbytes > 0 or 0 in record.shape or record.sparsity is not None

    def raw(self, index: int) -> Array:
        """The bytes of a constant."""
        return self.model.buffers[self.subgraph.tensors[index].buffer]

    def value(self, index: int) -> Array:
        """The value of a constant."""
        value = constants.constant(self.subgraph.tensors[index], self.raw(index))
        self._constant_bytes += value.nbytes
        if self._constant_bytes > MAX_CONSTANT_BYTES:
            raise ImportModelError(
                f"the model's constants have more than {MAX_CONSTANT_BYTES:,} bytes; "
                "nothing of that size fits a microcontroller: give a smaller model"
            )
        return value

    def type(self, index: int) -> TensorType:
        """The type of a tensor.

        Raises:
            CannotDecode: when a graph has no such element type.
        """
        record = self.subgraph.tensors[index]
        dtype = (
            constants.constant_dtype(record) if self.is_constant(index) else constants.DTYPES.get(record.type)
        )
        if dtype is None:
            raise CannotDecode(f"tensor {record.name!r} is {record.type.name}; netsuke has {known_types()}")
        return constants.tensor_type(record, dtype)

    def tensor(self, index: int) -> Tensor:
        """The tensor of the graph, added when it is new."""
        name = self.names[index]
        if name not in self.tensors:
            kind = self.type(index)
            self.tensors[name] = tensor(name, kind, self.value(index) if self.is_constant(index) else None)
        return self.tensors[name]

    def define(self, index: int, value: Array) -> None:
        """Makes an operator's output a constant of the graph."""
        self.tensors[self.names[index]] = tensor(self.names[index], self.type(index), value)

    def new_tensor(self, name: str, kind: TensorType, value: Array | None = None) -> str:
        """A tensor that the file does not have; gives its name."""
        name = self._taken_tensors.claim(name[: names.MAX_TENSOR_NAME])
        self.tensors[name] = tensor(name, kind, value)
        return name

    def node_name(self, tensor_name: str, op: str, kind: str) -> str:
        """A new node's name."""
        return names.node_name(tensor_name, op, kind, self._taken_nodes)


def known_types() -> str:
    """The element types of a graph, for messages."""
    return ", ".join(dtype.value for dtype in DType)


def tensor(name: str, kind: TensorType, value: Array | None) -> Tensor:
    """A tensor of that type."""
    return Tensor(name=name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization, data=value)


class Place:
    """An operator in its subgraph. Decoders read operands and options here and add nodes."""

    def __init__(self, builder: Builder, record: OperatorRecord, number: int) -> None:
        self.builder = builder
        self.record = record
        self.number = number

    def __str__(self) -> str:
        writes = f", writing {self.builder.names[self.record.outputs[0]]!r}" if self.record.outputs else ""
        return f"operator {self.number}{writes}"

    def options(self, cls: type[T]) -> T:
        """The operator's options; the defaults when the file has none.

        Raises:
            ImportModelError: when they are another operator's.
        """
        options = self.record.options
        if isinstance(options, NoOptions):
            return cls()
        if not isinstance(options, cls):
            raise Malformed(
                f"{self.record.op} ({self}) has {type(options).__name__}; {cls.__name__} was wanted"
            )
        return options

    def expect(self, inputs: tuple[int, int], outputs: int | None = 1) -> None:
        """Holds the operator to (least, most) inputs and a number of outputs (None: 1 or more)."""
        got, gives = len(self.record.inputs), len(self.record.outputs)
        if not inputs[0] <= got <= inputs[1] or (gives < 1 if outputs is None else gives != outputs):
            raise Malformed(f"{self.record.op} ({self}) has {got} inputs and {gives} outputs")

    def has(self, index: int) -> bool:
        """Whether input `index` is there."""
        return index < len(self.record.inputs) and self.record.inputs[index] != ABSENT

    def index(self, index: int) -> int:
        """The tensor index of input `index`."""
        if not self.has(index):
            raise Malformed(f"{self.record.op} ({self}) lacks input {index}")
        return self.record.inputs[index]

    def x(self, index: int = 0) -> Tensor:
        """Input `index`."""
        return self.builder.tensor(self.index(index))

    def y(self, index: int = 0) -> Tensor:
        """Output `index`."""
        return self.builder.tensor(self.record.outputs[index])

    def is_constant(self, index: int) -> bool:
        """Whether the file holds the value of input `index`."""
        return self.has(index) and self.builder.is_constant(self.index(index))

    def name(self, index: int) -> str:
        """The name of input `index`; '' when it is absent."""
        return self.x(index).name if self.has(index) else ""

    def ints(self, index: int) -> tuple[int, ...]:
        """The numbers of input `index`, a constant of integers such as a shape or axes.

        Raises:
            CannotDecode: when they are computed at run time.
        """
        where = self.index(index)
        record = self.builder.subgraph.tensors[where]
        if not self.builder.is_constant(where):
            raise CannotDecode(
                f"its input {index} ({record.name!r}) is computed at run time; export with fixed shapes"
            )
        if record.type not in INTEGERS or math.prod(record.shape) > MAX_INTS:
            raise Malformed(
                f"{self.record.op} ({self}): input {index} is {record.type.name}{list(record.shape)}"
            )
        return tuple(int(v) for v in np.ravel(self.builder.value(where)))

    def clamp(self, activation: int, index: int = 0) -> Clamp | None:
        """The fused activation as a clamp of output `index`."""
        if activation not in ACTIVATIONS:
            raise CannotDecode(
                f"fused activation number {activation} is not RELU, RELU6 or RELU_N1_TO_1; "
                "make it a layer of its own"
            )
        y = self.y(index)
        if ACTIVATIONS[activation] is not Activation.NONE and y.dtype.is_integer and y.quantization is None:
            raise CannotDecode(
                f"it has a fused activation and its output {y.name!r} of {y.dtype.value} has no scale"
            )
        return clamp_of(ACTIVATIONS[activation], y)

    def node(self, kind: str, args: Args, *inputs: str) -> None:
        """Adds the operator as a node of netsuke's `kind`, writing the operator's outputs.

        It is named after its first output; one without outputs after its last input.
        """
        outputs = tuple(self.y(i).name for i in range(len(self.record.outputs)))
        name = self.builder.node_name((*outputs, *inputs[-1:])[0], self.record.op, kind)
        self.builder.nodes.append(Node(op=kind, name=name, inputs=inputs, outputs=outputs, args=args))

    def extra_node(self, kind: str, args: Args, inputs: tuple[str, ...], output: str) -> None:
        """Adds a node before the operator's own, writing a tensor that the file does not have."""
        name = self.builder.node_name(output, self.record.op, kind)
        self.builder.nodes.append(Node(op=kind, name=name, inputs=inputs, outputs=(output,), args=args))

    def fold(self, value: Array) -> None:
        """Makes the operator's output a constant."""
        y = self.builder.type(self.record.outputs[0])
        if value.shape != y.shape or DType.of(value) is not y.dtype:
            raise ImportModelError(
                f"{self.record.op} ({self}) gives {value.dtype}{list(value.shape)}; "
                f"its output says {y.dtype.value}{list(y.shape)}"
            )
        self.builder.define(self.record.outputs[0], value)
