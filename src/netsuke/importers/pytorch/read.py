"""An exported program → plain checked values: every ATen call by its handler, what is constant computed by torch."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from netsuke.errors import ImportModelError
from netsuke.importers.onnx.model import Model, Port, Refusal
from netsuke.importers.pytorch import (
    activations,
    arithmetic,
    attention,
    choices,
    convs,
    extremes,
    norms,
    picks,
    pools,
    quantized,
    scatter,
    shapes,
)
from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable
from netsuke.importers.unsupported import Unsupported, UnsupportedOperators
from netsuke.ir import Array

OPSET = 23
"""What the nodes that the handlers make mean."""
MAX_ELEMENTS = 1 << 26
CHECKS = ("_assert", "sym_constrain_range")
"""Calls that only check what was exported, and give nothing."""
HANDLERS: dict[str, Handler] = {
    **activations.HANDLERS,
    **arithmetic.HANDLERS,
    **attention.HANDLERS,
    **choices.HANDLERS,
    **convs.HANDLERS,
    **extremes.HANDLERS,
    **norms.HANDLERS,
    **picks.HANDLERS,
    **pools.HANDLERS,
    **quantized.HANDLERS,
    **scatter.HANDLERS,
    **shapes.HANDLERS,
}
"""ATen operator, without overload → what spells it in ONNX's operators."""


def read(program: Any, name: str) -> Model:
    """The program of `torch.export.ExportedProgram` as a model of ONNX operators.

    Raises:
        UnsupportedOperators: with all calls that have no translation.
        ImportModelError: for what the whole program may not have: changed buffers, inputs that are no tensors.
    """
    return _Reader(program, name).run()


@dataclass(slots=True)
class _Reader:
    """One program on its way."""

    program: Any
    name: str
    emit: Emitter = field(default_factory=Emitter)
    refs: dict[str, Ref | list[Ref]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    """FX node → its torch value, for what no input decides."""
    integers: set[str] = field(default_factory=set)
    """Known FX nodes whose integers are kept beside their values."""
    unsupported: list[Unsupported] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """FX nodes that hang on an unsupported one."""

    def run(self) -> Model:
        check_signature(self.program, self.name)
        inputs: list[Port] = []
        outputs: tuple[str, ...] = ()
        parameters = parameters_of(self.program)
        for index, node in enumerate(self.program.graph.nodes):
            if node.op == "placeholder" and node.name in parameters:
                self.known[node.name] = parameters[node.name]
            elif node.op == "placeholder":
                port = port_of(node, self.name)
                inputs.append(port)
                self.refs[node.name] = Ref(name=port.name, shape=port.shape, dtype=port.dtype)
            elif node.op == "call_function":
                self.call(node, index)
            elif node.op == "output":
                outputs = self.outputs(node)
        if self.unsupported:
            raise UnsupportedOperators(self.name, self.unsupported)
        return Model(
            name=self.name, opset=OPSET, nodes=tuple(self.emit.nodes), constants=self.emit.constants,
            inputs=tuple(inputs), outputs=outputs,
        )  # fmt: skip

    def call(self, node: Any, index: int) -> None:
        """One call: computed now, taken apart, or translated."""
        feeds = [n.name for n in node.all_input_nodes]
        if op_name(node).startswith(CHECKS):
            return
        if any(n in self.lost for n in feeds):
            self.lost.add(node.name)
        elif all(n in self.known for n in feeds):
            self.known[node.name] = node.target(*self.concrete(node.args), **self.concrete(node.kwargs))
            if self.keeps_integers(node):
                self.translate(node, index)
        elif node.target is operator.getitem:
            self.item(node, index)
        else:
            self.translate(node, index)

    def keeps_integers(self, node: Any) -> bool:
        """Whether a constant call is translated too: dequantised weights, and what moves them, stay integers."""
        op, source = op_name(node), node.all_input_nodes[0].name if node.all_input_nodes else ""
        if op in quantized.DEQUANTIZE:
            kept = str(self.known[source].dtype).removeprefix("torch.") in quantized.CONSTANT_KINDS
        else:
            kept = op in quantized.MOVES and source in self.integers
        if kept:
            self.integers.add(node.name)
        return kept

    def item(self, node: Any, index: int) -> None:
        """One result of a call with several."""
        results, wanted = self.refs[node.args[0].name], node.args[1]
        if isinstance(results, list) and wanted < len(results):
            self.refs[node.name] = results[wanted]
            return
        self.lost.add(node.name)
        if node.users:
            hint = f"result {wanted} is read (indices of a pool?); only the first can be compiled"
            source = node.args[0]
            place = f"call {index}, {layer_of(source)!r}"
            self.unsupported.append(Unsupported(op=op_name(source), place=place, hint=hint))

    def translate(self, node: Any, index: int) -> None:
        op = op_name(node)
        self.emit.layer = layer_of(node)
        place = f"call {index}, {self.emit.layer or node.name!r}"
        try:
            handler = HANDLERS.get(op)
            if handler is None:
                raise Untranslatable(
                    "netsuke has no translation of it; replace it, or cut the module before it"
                )
            call = self.aten(node, op)
            result = typed(handler(self.emit, call), node)
            # Of a pool with indices the first result is all that there is.
            self.refs[node.name] = [result] if isinstance(result, Ref) and len(call.shapes) > 1 else result
        except (Untranslatable, Refusal) as error:
            self.unsupported.append(Unsupported(op=op, place=place, hint=str(error)))
            self.lost.add(node.name)

    def aten(self, node: Any, op: str) -> Aten:
        """The call with operands by name; constants among them get an ONNX name."""
        schema = node.target._schema
        given = dict(zip((a.name for a in schema.arguments), node.args, strict=False)) | dict(node.kwargs)
        operands = {a.name: self.symbolic(given.get(a.name, default_of(a))) for a in schema.arguments}
        found = shapes_of(node)
        return Aten(
            op=op, operands=operands, shape=found[0] if found else (), shapes=tuple(found), dtype=dtypes_of(node)[0],
            read=frozenset(u.args[1] for u in node.users if u.target is operator.getitem and u.users),
            readers=frozenset(op_name(u) if u.op == "call_function" else u.op for u in node.users),
        )  # fmt: skip

    def symbolic(self, value: Any) -> Any:
        """FX nodes as `Ref`, lists by element; the rest as it is."""
        if isinstance(value, (list, tuple)):
            return [self.symbolic(v) for v in value]
        return self.ref(value) if hasattr(value, "all_input_nodes") else value

    def ref(self, node: Any) -> Any:
        """A computed tensor, or a known one under a name of its own. A known number stays one."""
        if node.name not in self.refs:
            value = self.known[node.name]
            if not hasattr(value, "detach"):
                return value
            data = to_numpy(value)
            name = self.emit.constant(data, data.dtype, hint=node.name)
            self.refs[node.name] = Ref(name=name, shape=data.shape, dtype=data.dtype.name)
        return self.refs[node.name]

    def concrete(self, value: Any) -> Any:
        """Arguments of a call that torch is to compute."""
        if isinstance(value, (list, tuple)):
            return type(value)(self.concrete(v) for v in value)
        if isinstance(value, dict):
            return {k: self.concrete(v) for k, v in value.items()}
        return self.known[value.name] if hasattr(value, "all_input_nodes") else value

    def outputs(self, node: Any) -> tuple[str, ...]:
        """Names of what the program returns, each with a node of its own behind it."""
        names: list[str] = []
        for item in node.args[0]:
            if not hasattr(item, "all_input_nodes") or item.name in self.lost:
                continue
            ref = self.ref(item)
            if not isinstance(ref, Ref):
                raise ImportModelError(
                    f"{self.name} returns {item.name!r}, which is no tensor; return tensors only"
                )
            names.append(ref.name)
        return tuple(names)


def check_signature(program: Any, name: str) -> None:
    """No buffer may change, no input may be changed: the C computes from inputs to outputs.

    Raises:
        ImportModelError: when one does.
    """
    signature = program.graph_signature
    changed = list(signature.buffers_to_mutate.values()) + list(signature.user_inputs_to_mutate.values())
    if changed:
        raise ImportModelError(
            f"{name} changes {changed[0]!r} while it runs; give states as inputs and outputs, and call module.eval()"
        )


def parameters_of(program: Any) -> dict[str, Any]:
    """Placeholder → torch tensor of every parameter, buffer and lifted constant."""
    signature, state, constants = program.graph_signature, program.state_dict, program.constants
    names = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    found = {p: state[t] if t in state else constants[t] for p, t in names.items()}
    lifted = signature.inputs_to_lifted_tensor_constants
    return {**found, **{p: constants[t] for p, t in lifted.items()}}


def port_of(node: Any, name: str) -> Port:
    """An input of the model.

    Raises:
        ImportModelError: when it is no tensor, or its sizes are not fixed.
    """
    value = node.meta.get("val")
    if value is None or not hasattr(value, "shape"):
        raise ImportModelError(
            f"{name}: input {node.name!r} is no tensor; tensors of fixed sizes were wanted"
        )
    if not all(isinstance(d, int) for d in value.shape):
        raise ImportModelError(
            f"{name}: input {node.name!r} is {list(value.shape)}; export it with fixed sizes"
        )
    return Port(name=node.name, shape=tuple(value.shape), dtype=dtype_of(value))


def dtype_of(value: Any) -> str:
    """numpy's name of a tensor's element type; floating point of any width is float32."""
    kind = str(value.dtype).removeprefix("torch.")
    return "float32" if kind in ("float16", "bfloat16", "float64") else kind


def dtypes_of(node: Any) -> list[str]:
    """Element types of a call's results; float32 where there is none."""
    value = node.meta.get("val")
    values: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
    return [dtype_of(v) if hasattr(v, "dtype") else "float32" for v in values] or ["float32"]


def typed(result: Ref | list[Ref], node: Any) -> Ref | list[Ref]:
    """A call's results with their element types."""
    kinds = dtypes_of(node)
    if isinstance(result, Ref):
        return replace(result, dtype=kinds[0])
    return [replace(r, dtype=k) for r, k in zip(result, kinds, strict=False)]


def shapes_of(node: Any) -> list[tuple[int, ...]]:
    """Shapes of a call's results, numbers left out."""
    value = node.meta.get("val")
    values: Sequence[Any] = value if isinstance(value, (list, tuple)) else [value]
    return [tuple(int(d) for d in v.shape) for v in values if hasattr(v, "shape")]


def op_name(node: Any) -> str:
    """Such as "conv2d": without namespace and overload."""
    schema = getattr(node.target, "_schema", None)
    return str(node.target) if schema is None else schema.name.split("::")[-1]


def default_of(argument: Any) -> Any:
    """What torch takes for an operand that is not given."""
    return argument.default_value if argument.has_default_value() else None


def layer_of(node: Any) -> str:
    """Path of the module that makes the call: "block5.dw"."""
    stack: Mapping[str, tuple[str, Any]] = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values()]
    return paths[-1] if paths and paths[-1] else node.name


def to_numpy(value: Any) -> Array:
    """A torch tensor's values; floating point ones as float32.

    Raises:
        Untranslatable: when it is absurdly large.
    """
    if value.numel() > MAX_ELEMENTS:
        raise Untranslatable(f"a constant {list(value.shape)} is too large for any microcontroller")
    dense = value.detach().cpu()
    data: Array = (dense.float() if dense.is_floating_point() else dense).contiguous().numpy()
    return np.ascontiguousarray(data)
