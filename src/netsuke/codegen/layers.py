"""One C function a layer: calls of its kernels with constants that are known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netsuke.codegen.call_rows import CallRows
from netsuke.codegen.expansion import function_name
from netsuke.codegen.literals import array, struct
from netsuke.codegen.names import Names
from netsuke.codegen.style import call as broken_call
from netsuke.codegen.style import comment, function
from netsuke.ir import Array, Graph, TensorType
from netsuke.ops.kernel import Call, Constant, Input, Output, Param, Pointer, Scratch, StatePointer, Sums
from netsuke.ops.program import Step
from netsuke.plan import Plan, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """Statements: `begin` of the function begin, `row` of push_row; `full` is true when all rows have come."""

    begin: str
    row: str
    full: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """`constants` is what goes to flash for it; `function` its definition; `call` the statement in invoke."""

    node: str
    symbol: str
    constants: str
    function: str
    call: str
    weight_bytes: int
    spaces: frozenset[Space]
    """The kinds of memory its pointers point into."""
    pushing: Pushing | None = None
    """Of a stream to which the caller pushes rows; `call` then pushes all of them."""
    inner: tuple[Layer, ...] = ()
    """A stream's own layers: functions that its function calls; they stand in its `function` and `constants`."""

    @property
    def every(self) -> tuple[Layer, ...]:
        """The layer and those inside it."""
        return (self, *self.inner)


@dataclass(slots=True)
class Flash:
    """The `static const` definitions so far: equal arrays of one layer are written once."""

    prefix: str
    fresh: Names
    texts: list[str] = field(default_factory=list)
    names: dict[tuple[str, str, bytes], str] = field(default_factory=dict)
    nbytes: int = 0

    def add_array(self, label: str, data: Array, note: str) -> str:
        """Defines the array unless an equal one is there; returns its C name."""
        key = (label, str(data.dtype), data.tobytes())
        if key not in self.names:
            self.names[key] = self.fresh.fresh(f"{self.prefix}_{label}")
            self.texts.append(array(self.names[key], data, note))
            self.nbytes += data.nbytes
        return self.names[key]

    def add_row(self, rows: CallRows, call: Call, constants: Sequence[str]) -> str:
        """Defines the call's row unless an equal one is there; returns its C name."""
        key = (rows.row_type, rows.row("?", call.args, constants), b"")
        if key not in self.names:
            self.names[key] = self.fresh.fresh(f"{self.prefix}_row")
            self.texts.append(rows.row(self.names[key], call.args, constants))
        return self.names[key]

    def add_struct(self, call: Call) -> str:
        """Defines the argument struct unless an equal one is there; returns its C name."""
        text = struct("?", call.args)
        key = ("args", text, b"")
        if key not in self.names:
            self.names[key] = self.fresh.fresh(f"{self.prefix}_args")
            self.texts.append(struct(self.names[key], call.args))
        return self.names[key]


def make_layer(
    plan: Plan,
    step: Step,
    symbol: str,
    constants: Mapping[str, str],
    names: Names,
    rows: Mapping[str, CallRows],
) -> Layer:
    """Writes the layer.

    Args:
        plan: where everything lives.
        step: the layer.
        symbol: its C name.
        constants: the graph's constant tensors that kernels read directly, and their C names.
        names: the names given out so far.
        rows: kernels that layers call with a row of what differs between them.
    """
    flash = Flash(symbol, names)
    operands = Operands(plan, step, constants)
    own = {} if step.node.name in plan.program.expanded else rows
    lines = [
        row_call_text(call, own[call.kernel.name], operands, flash)
        if call.kernel.name in own
        else call_text(call, operands, flash)
        for call in step.calls
    ]
    about = comment(describe(plan.program.graph, step))
    definition = function(f"static NK_LAYER void {symbol}(", operands.parameters(), lines)
    return Layer(
        node=step.node.name,
        symbol=symbol,
        constants="\n".join(flash.texts),
        function=f"{about}\n{definition}",
        call=broken_call(f"  {symbol}(", operands.arguments()),
        weight_bytes=flash.nbytes,
        spaces=frozenset(operands.spaces),
    )


class Operands:
    """The pointers a layer takes: names inside the function, expressions at its call."""

    def __init__(self, plan: Plan, step: Step, constants: Mapping[str, str]) -> None:
        self.plan, self.step, self.constants = plan, step, constants
        self.used: dict[str, tuple[str, str]] = {}
        self.spaces: set[Space] = set()
        tensors = plan.program.graph.tensors
        inputs = {name for name in step.node.inputs if name and not tensors[name].is_constant}
        self.many_inputs, self.many_outputs = len(inputs) > 1, len(step.node.outputs) > 1
        for call in step.calls:
            for pointer in call.pointers:
                self.name_of(pointer)

    def name_of(self, pointer: Pointer) -> str | None:
        """The parameter (or flash array) that a pointer reads; None for constants of the call itself."""
        node = self.step.node
        if isinstance(pointer, Input):
            tensor = node.inputs[pointer.index]
            if tensor in self.constants:
                return self.constants[tensor]
            return self.tensor(
                tensor, f"x{node.inputs.index(tensor)}" if self.many_inputs else "x", const=True
            )
        if isinstance(pointer, Output):
            return self.tensor(
                node.outputs[pointer.index], f"y{pointer.index}" if self.many_outputs else "y", const=False
            )
        if isinstance(pointer, StatePointer):
            offset = self.plan.state_offsets[pointer.name]
            self.spaces.add(Space.STATE)
            self.used["state"] = ("uint8_t *state", f"s + {offset}" if offset else "s")
            return "state"
        if isinstance(pointer, Scratch):
            self.add_scratch()
            return "scratch"
        if isinstance(pointer, Sums):
            self.used["sums"] = ("int32_t *sums", "")
            return "sums"
        return None

    def add_scratch(self) -> None:
        """A parameter for the scratch."""
        self.spaces.add(Space.ARENA)
        node = self.step.node.name
        at = arena(self.plan.scratch[node], self.plan.scratch_arena.get(node, 0))
        self.used["scratch"] = ("uint8_t *scratch", at)

    def tensor(self, tensor: str, name: str, *, const: bool) -> str:
        """A parameter for a tensor."""
        kind = self.plan.program.graph.tensors[tensor]
        self.spaces.add(self.plan.places[tensor].space)
        declared = f"{'const ' if const else ''}{kind.dtype.c} *{name}"
        self.used[name] = (declared, expression(self.plan, tensor, const=const))
        return name

    def parameters(self) -> list[str]:
        """The function's parameters."""
        return [declared for declared, _ in self.used.values()]

    def arguments(self) -> list[str]:
        """What invoke passes."""
        return [given for _, given in self.used.values()]


def expression(plan: Plan, tensor: str, *, const: bool) -> str:
    """The pointer to a tensor inside invoke, where `a` is the arena, `a2` its second part, and `s` the state block."""
    graph, place = plan.program.graph, plan.places[tensor]
    kind = graph.tensors[tensor].dtype
    cast = f"({'const ' if const else ''}{kind.c} *)"
    if place.space is Space.PUSHED:
        return f"in{place.index}"
    if place.space in (Space.INPUT, Space.OUTPUT):
        ports = graph.inputs if place.space is Space.INPUT else graph.outputs
        pointer = f"{'in' if place.space is Space.INPUT else 'out'}{place.index}"
        if place.inner:  # a part of an input
            byte = "const uint8_t *" if const else "uint8_t *"
            return f"{cast}(({byte}){pointer} + {place.inner})"
        # Another type than the port's: a tensor computed in place of an output's memory.
        return pointer if graph.tensors[ports[place.index]].dtype is kind else cast + pointer
    base = "s" if place.space is Space.STATE else arena_name(place.arena)
    return f"{cast}({base} + {place.offset})" if place.offset else cast + base


def arena_name(number: int) -> str:
    """The pointer to part number 0, 1, ... of the arena inside invoke: a, a2, ..."""
    return f"a{number + 1}" if number else "a"


def arena(offset: int, number: int = 0) -> str:
    """A byte pointer into the arena, or into a part of it."""
    base = arena_name(number)
    return f"{base} + {offset}" if offset else base


def call_text(call: Call, operands: Operands, flash: Flash) -> str:
    """One kernel call as a C statement."""
    given = [
        pointer_text(pointer, param, operands, flash)
        for pointer, param in zip(call.pointers, call.kernel.params, strict=True)
    ]
    name = function_name(operands.plan.program, operands.step.node.name, call.kernel)
    return broken_call(f"  {name}(", [*given, f"&{flash.add_struct(call)}"])


def row_call_text(call: Call, rows: CallRows, operands: Operands, flash: Flash) -> str:
    """The same where the kernel takes a row."""
    passed: list[str] = []
    constants: list[str] = []
    for pointer, param, own in zip(call.pointers, call.kernel.params, rows.pointers, strict=True):
        (passed if own is None else constants).append(pointer_text(pointer, param, operands, flash))
    if rows.members:
        passed.append(f"&{flash.add_row(rows, call, constants)}")
    return broken_call(f"  {rows.function}(", passed)


def pointer_text(pointer: Pointer, param: Param, operands: Operands, flash: Flash) -> str:
    """One pointer argument; cast where the kernel's view of the bytes is not the tensor's."""
    if isinstance(pointer, Constant):
        return flash.add_array(pointer.label, pointer.data, pointer.shape_note)
    name = operands.name_of(pointer)
    assert name is not None
    offset = pointer.offset if isinstance(pointer, Input | Output) else 0
    text = f"{name} + {offset}" if offset else name
    own = own_type(pointer, operands)
    wanted = param.ctype.removeprefix("const ")
    if wanted in ("void", own):
        return text
    return f"({param.ctype} *)({text})" if offset else f"({param.ctype} *){text}"


def own_type(pointer: Pointer, operands: Operands) -> str:
    """The C element type a pointer has before any cast."""
    tensors, node = operands.plan.program.graph.tensors, operands.step.node
    if isinstance(pointer, Input):
        return tensors[node.inputs[pointer.index]].dtype.c
    if isinstance(pointer, Output):
        return tensors[node.outputs[pointer.index]].dtype.c
    return "int32_t" if isinstance(pointer, Sums) else "uint8_t"


def describe(graph: Graph, step: Step) -> str:
    """The comment over a layer: operator, shapes, work."""
    inputs = [graph.tensors[n] for n in step.node.inputs if n and not graph.tensors[n].is_constant]
    outputs = [graph.tensors[n] for n in step.node.outputs]
    shapes = " -> ".join(" and ".join(dims(t) for t in side) or "state" for side in (inputs, outputs))
    work = f"; {step.macs:,} MACs" if step.macs else ""
    return f"{step.node.op}: {shapes}{work}"


def dims(tensor: TensorType) -> str:
    """49x10x1 of [1, 49, 10, 1]; the leading batch of one is left out."""
    shape = tensor.shape[1:] if len(tensor.shape) > 1 and tensor.shape[0] == 1 else tensor.shape
    return "x".join(str(n) for n in shape) or "1"
