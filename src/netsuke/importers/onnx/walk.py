"""The walk over an ONNX graph's nodes: what handlers ask it about values, readers, fused tails and
quantisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.onnx.bodies import BODIES, OURS, Operand, operand_of, written_body
from netsuke.importers.onnx.builder import Builder, Known, Value
from netsuke.importers.onnx.composed import COMPOSED, composed
from netsuke.importers.onnx.constants import EVALUATORS, evaluate
from netsuke.importers.onnx.hints import hint
from netsuke.importers.onnx.layout import plain
from netsuke.importers.onnx.model import Model, OnnxNode, Refusal
from netsuke.importers.onnx.moved import MOVES, moved
from netsuke.importers.onnx.rounding import stored_value
from netsuke.importers.onnx.writing import COMPOSED_OPSET
from netsuke.importers.unsupported import Unsupported
from netsuke.ir import Array, DType, Graph, Quantization, TensorType
from netsuke.ops.activation import FLOAT32_MAX, Clamp
from netsuke.ops.operator import site_of
from netsuke.ops.registry import operator

OUTPUT_TYPES = {0: np.uint8, 2: np.uint8, 3: np.int8, 5: np.int16}
"""QuantizeLinear's output_dtype (0: not said) → the type where no zero point has one."""
CODED = {"uint8": DType.INT8, "int8": DType.INT8, "int16": DType.INT16}
"""Element type of quantised values in the file → in our graph."""
RealRange = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """Element type and quantisation: what a QuantizeLinear or DequantizeLinear says."""

    dtype: DType
    quantization: Quantization


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What follows a node and becomes part of it: the clamp of an activation, and the value that it all ends
    in."""

    end: str
    clamp: RealRange | None = None


class Walk:
    """State of one translation. Handlers read operands from it and put their results into it."""

    def __init__(self, model: Model, *, unrolled: bool = False) -> None:
        self.model = model
        self.builder = Builder()
        self.values: dict[str, Value | Known] = {
            name: Known(data=data) for name, data in model.constants.items()
        }
        self.readers: dict[str, list[OnnxNode]] = {}
        for node in model.nodes:
            for name in filter(None, node.inputs):
                self.readers.setdefault(name, []).append(node)
        self.fused: set[int] = set()
        """Indices of nodes that became part of an earlier one."""
        self.unsupported: list[Unsupported] = []
        self.unrolled = unrolled
        """Whether recurrent layers become their steps, where one operator would do."""
        self.infinite = any(holds_infinity(data) for data in all_constants(model))
        """Whether the model calculates with infinities."""
        self._producers = {out: node for node in model.nodes for out in node.outputs}

    def run(self, handlers: Mapping[str, Handler]) -> None:
        """Translates node after node; what cannot be is collected, and what depends on it is passed over."""
        for node in self.model.nodes:
            self._visit(node, handlers)

    def _visit(self, node: OnnxNode, handlers: Mapping[str, Handler]) -> None:
        known = node.op in handlers or node.op in EVALUATORS
        if not known and node.op not in BODIES and node.op not in COMPOSED:
            self.unsupported.append(Unsupported(op=node.op, place=node.place, hint=hint(node.op)))
        elif node.index not in self.fused and all(name in self.values for name in filter(None, node.inputs)):
            if known:
                self._translate(node, handlers)
            else:
                self._write_out(node, handlers)

    def _write_out(self, node: OnnxNode, handlers: Mapping[str, Handler]) -> None:
        """A node through others: ours, or the body that the standard has for it."""
        whole = self.model
        try:
            if node.op in COMPOSED:
                opset, nodes = max(whole.opset, COMPOSED_OPSET), composed(node, self)
            else:
                opset, nodes = written_body(whole, node, [self._seen_as(name) for name in node.inputs])
        except Refusal as refusal:
            self.unsupported.append(refusal.unsupported)
            return
        except (ValueError, IndexError, TypeError, KeyError, OverflowError) as error:
            self.unsupported.append(Unsupported(op=node.op, place=node.place, hint=str(error) or NO_FIT))
            return
        self.model = replace(whole, opset=opset)
        self.infinite |= any(
            holds_infinity(d) for d in all_constants(replace(whole, nodes=nodes, constants={}))
        )
        for inner in nodes:
            self._visit(inner, handlers)
        self.model = whole

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The ONNX shape of a value."""
        found = self.values[name]
        return found.data.shape if isinstance(found, Known) else found.shape

    def _seen_as(self, name: str) -> Operand | None:
        """Element type and shape of a value, as a body asks for them; quantised ones as real numbers."""
        found = self.values.get(name)
        if isinstance(found, Known):
            return operand_of(found.data)
        if found is None:
            return None
        kind = self.builder.type_of(found)
        return OURS[DType.FLOAT32 if kind.quantization is not None else kind.dtype], found.shape

    def _translate(self, node: OnnxNode, handlers: Mapping[str, Handler]) -> None:
        try:
            inputs = [self.values[name] if name else None for name in node.inputs]
            if node.op in EVALUATORS and not any(isinstance(v, Value) for v in inputs):
                known = [v.data if isinstance(v, Known) else None for v in inputs]
                first = inputs[0] if inputs and node.op in MOVES else None
                if isinstance(first, Known):
                    self.put(node.outputs[0], moved(node, first, known[1:]))
                else:
                    self.put(node.outputs[0], Known(data=evaluate(node, known)))
            elif node.op in handlers:
                if (
                    inputs
                    and not any(isinstance(v, Value) for v in inputs)
                    and node.op not in TAKES_CONSTANTS
                ):
                    for name, data in folded(self.model, node, inputs, handlers).items():
                        self.put(name, Known(data=data))
                    return
                self.builder.layer = node.name.strip("/")
                handlers[node.op](self, node)
            else:
                raise Refusal(node, "netsuke computes it at import only, and its inputs are not known then")
        except Refusal as refusal:
            self.unsupported.append(refusal.unsupported)
        except (GraphError, ValueError, IndexError, OverflowError, AssertionError, KeyError) as error:
            # The last three are numpy's and Python's words for operands of a damaged file that do not fit
            # together.
            self.unsupported.append(Unsupported(op=node.op, place=node.place, hint=str(error) or NO_FIT))

    def put(self, name: str, value: Value | Known) -> None:
        """The value of an ONNX name."""
        self.values[name] = value

    def operand(self, node: OnnxNode, index: int) -> Value | Known:
        """An operand, computed or constant."""
        found = self.values.get(node.input(index))
        if found is None:
            raise Refusal(node, f"input {index} is missing; a value was wanted")
        return found

    def value(self, node: OnnxNode, index: int = 0) -> Value:
        """A run-time operand."""
        found = self.values.get(node.input(index))
        if not isinstance(found, Value):
            got = "missing" if found is None else "a constant"
            raise Refusal(node, f"input {index} is {got}; a value computed at run time was wanted")
        return found

    def value_of(self, name: str) -> Value:
        """The run-time value of a name that was put."""
        found = self.values[name]
        assert isinstance(found, Value)
        return found

    def known(self, node: OnnxNode, index: int) -> Known:
        """A constant operand."""
        found = self.optional(node, index)
        if found is None:
            raise Refusal(node, f"input {index} is missing; a constant was wanted")
        return found

    def optional(self, node: OnnxNode, index: int) -> Known | None:
        """A constant operand, or None where there is none."""
        found = self.values.get(node.input(index))
        if isinstance(found, Value):
            raise Refusal(
                node, f"input {index} ({node.input(index)!r}) is computed at run time; a constant was wanted"
            )
        return found

    def ahead(self, name: str) -> Array | None:
        """A constant that the walk may not have reached yet; None when it is none, or must be computed
        first."""
        found = self.values.get(name)
        if isinstance(found, Known):
            return found.data
        producer = self._producers.get(name)
        if found is None and producer is not None and producer.op == "Constant":
            return evaluate(producer, [])
        return None

    def sole_reader(self, name: str) -> OnnxNode | None:
        """The one node that reads a value which nobody else does."""
        found = self.readers.get(name, [])
        return found[0] if len(found) == 1 and name not in self.model.outputs else None

    def tail(self, name: str) -> Tail:
        """The activations that alone read a value one after the other, if they are clamps: they are fused and will
        be passed over."""
        found = Tail(end=name)
        while True:
            node = self.sole_reader(found.end)
            limits = None if node is None else self.limits(node)
            if node is None or limits is None or node.inputs[0] != found.end:
                return found
            self.fused.add(node.index)
            low, high = found.clamp or (-np.inf, np.inf)
            within = (min(max(low, limits[0]), limits[1]), min(max(high, limits[0]), limits[1]))
            found = Tail(end=node.outputs[0], clamp=within)

    def limits(self, node: OnnxNode) -> RealRange | None:
        """The range of real values that a Relu or Clip leaves; None for other nodes and for bounds not known
        yet."""
        if node.op == "Relu":
            return 0.0, np.inf
        if node.op != "Clip":
            return None
        bounds: list[float] = []
        for index, attribute, default in ((1, "min", -np.inf), (2, "max", np.inf)):
            if not node.input(index):
                bounds.append(node.float_(attribute, default))
                continue
            value = self.ahead(node.input(index))
            if value is None or value.size != 1:
                return None
            bounds.append(float(value.reshape(())))
        return (bounds[0], bounds[1]) if bounds[0] <= bounds[1] else None

    def target(self, name: str) -> Coding | None:
        """How a value is quantised by all its readers, if these are QuantizeLinear of one kind; else None."""
        found = self.readers.get(name, [])
        if not found or name in self.model.outputs or any(n.op != "QuantizeLinear" for n in found):
            return None
        codings = [self.coding(node) for node in found]
        return codings[0] if all(c == codings[0] for c in codings) else None

    def coding(self, node: OnnxNode) -> Coding | None:
        """The per-tensor parameters of a QuantizeLinear or DequantizeLinear, as our int8 or int16 (whose zero point
        is 0); None for others."""
        scale = self.ahead(node.input(1))
        wanted = OUTPUT_TYPES.get(node.int_("output_dtype", 0))
        if node.op == "QuantizeLinear" and not node.input(2) and wanted is None:
            return None
        zero = self.ahead(node.input(2)) if node.input(2) else np.zeros((), wanted or np.uint8)
        if scale is None or zero is None or scale.size != 1 or zero.size != 1 or node.int_("block_size", 0):
            return None
        dtype, point = CODED.get(zero.dtype.name), int(zero.reshape(()))
        if (
            dtype is None
            or (dtype is DType.INT16 and point)
            or not np.isfinite(scale).all()
            or not (scale > 0).all()
        ):
            return None
        shift = 128 if zero.dtype == np.uint8 else 0
        return Coding(
            dtype=dtype, quantization=Quantization.per_tensor(float(scale.reshape(())), point - shift)
        )

    def is_integer(self, value: Value) -> bool:
        """True when a value is kept as quantised integers."""
        return self.builder.type_of(value).quantization is not None


def all_constants(model: Model) -> Iterator[Array]:
    """Initialisers, and the values of nodes that hold one."""
    yield from model.constants.values()
    for node in model.nodes:
        if node.op in ("Constant", "ConstantOfShape"):
            yield from (np.asarray(v) for v in node.attributes.values() if not isinstance(v, bytes))


def holds_infinity(data: Array) -> bool:
    """Whether an array of real numbers has an infinity in it."""
    return data.dtype.kind == "f" and bool(np.isinf(data).any())


Handler = Callable[[Walk, OnnxNode], None]
NO_FIT = "its operands do not fit together; export the model again"
TAKES_CONSTANTS = ("QuantizeLinear", "DequantizeLinear")
"""Operators whose handlers keep more of a constant than its value."""


def folded(
    model: Model, node: OnnxNode, inputs: Sequence[Value | Known | None], handlers: Mapping[str, Handler]
) -> dict[str, Array]:
    """The outputs of a node whose inputs are all constants: translated by itself, and run by the reference.

    Raises:
        Refusal: when it cannot be translated even so.
    """
    names = [n for n, v in zip(node.inputs, inputs, strict=True) if n and isinstance(v, Known)]
    values = {n: v for n, v in zip(node.inputs, inputs, strict=True) if isinstance(v, Known)}
    if any(v.data.size == 0 and v.data.ndim != 1 for v in values.values()):
        raise Refusal(node, "an input has no elements; sizes of 1 or more were wanted")
    refusal: Refusal | None = None
    for computed in (set(names[:1]), {n for n in names if values[n].data.dtype.kind == "f"}, set(names)):
        alone = Walk(replace(model, nodes=(node,), constants={}, inputs=(), outputs=node.outputs))
        for name in names:
            alone.put(name, as_value(alone, name, values[name]) if name in computed else values[name])
        try:
            handlers[node.op](alone, node)
        except Refusal as error:
            refusal = error
            continue
        return evaluated(alone, node)
    raise refusal or Refusal(
        node, "its constant inputs cannot be computed with; let the exporter fold constants"
    )


def as_value(walk: Walk, name: str, known: Known) -> Value:
    """A constant as a tensor of the graph; whole numbers of 64 bits as int32."""
    data = known.data.astype(np.int32) if known.data.dtype == np.int64 else known.data
    return Value(tensor=walk.builder.constant(name, data), shape=data.shape, placed=plain(data.shape))


def evaluated(walk: Walk, node: OnnxNode) -> dict[str, Array]:
    """The values of a node's outputs, in ONNX's order."""
    found: dict[str, Array] = {}
    memory = {t.name: t.data for t in walk.builder.tensors.values() if t.data is not None}
    graph = Graph(name="folded", tensors=walk.builder.tensors, nodes=(), inputs=(), outputs=())
    with np.errstate(all="ignore"):
        for each in walk.builder.nodes:
            operands = [memory[name] if name else None for name in each.inputs]
            results = operator(each.op).reference(site_of(graph, each), operands)
            memory.update(zip(each.outputs, results, strict=True))
    for name in node.outputs:
        value = walk.values.get(name)
        if isinstance(value, Known):
            found[name] = value.data
        elif value is not None:
            flat = np.zeros(value.placed.indices().size, memory[value.tensor].dtype)
            flat[value.placed.indices().reshape(-1)] = memory[value.tensor].reshape(-1)
            found[name] = flat.reshape(value.shape)
    return found


def clamp_to(limits: RealRange | None, y: TensorType) -> Clamp | None:
    """A range of real values as a range of stored values of the tensor."""
    if limits is None:
        return None
    if y.dtype is DType.FLOAT32:
        return max(limits[0], -FLOAT32_MAX), min(limits[1], FLOAT32_MAX)
    lowest, highest = y.dtype.range
    low = lowest if np.isinf(limits[0]) else stored_value(limits[0], y)
    high = highest if np.isinf(limits[1]) else stored_value(limits[1], y)
    return low, high
