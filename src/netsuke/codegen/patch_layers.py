"""Patches in C: a function for each of their layers, and one that walks the tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from netsuke.codegen.expansion import function_name
from netsuke.codegen.layers import Flash, Layer, Operands, call_text, describe, pointer_text
from netsuke.codegen.literals import structs
from netsuke.codegen.names import Names, identifier
from netsuke.codegen.stream_layers import InnerOperands, switch
from netsuke.codegen.style import call as broken_call
from netsuke.codegen.style import comment, function
from netsuke.ops.kernel import Call
from netsuke.ops.patch import Compute, Copy, Held, Patches, PatchLayer, Spans, TileForm
from netsuke.ops.program import Step
from netsuke.ops.stream import Home
from netsuke.plan import Plan, Space


def make_patch_layer(
    plan: Plan, step: Step, symbol: str, constants: Mapping[str, str], names: Names, prefix: str
) -> Layer:
    """Writes patches: see `make_layer`. The functions of their layers begin with `prefix`."""
    patches = step.patches
    assert patches is not None
    made = [
        make_inner(plan, layer, one, names.fresh(f"{prefix}_{identifier(one.node.name)}"), constants, names)
        for layer, one in zip(patches.layers, step.inner, strict=True)
    ]
    inner = tuple(layer for layer, _ in made)
    writer = TileWriter(plan, step, patches)
    body = writer.body([(layer.symbol, given) for layer, given in made])
    flash = Flash(symbol, names)
    operands = Operands(plan, step, constants)
    for name in (*step.node.inputs, *step.node.outputs):
        operands.tensor(name, writer.operand(name), const=name in step.node.inputs)
    if patches.scratch_bytes:
        operands.add_scratch()
    lines = writer.loops(body, flash)
    rows, columns = patches.grid
    about = comment(
        f"{describe(plan.program.graph, step)}, {patches.done:,} done; {rows} x {columns} patches"
    )
    definition = function(f"static NK_LAYER void {symbol}(", operands.parameters(), lines)
    return Layer(
        node=step.node.name,
        symbol=symbol,
        constants="\n".join([*(layer.constants for layer in inner if layer.constants), *flash.texts]),
        function="\n".join([*(layer.function for layer in inner), f"{about}\n{definition}"]),
        call=broken_call(f"  {symbol}(", operands.arguments()),
        weight_bytes=flash.nbytes,
        spaces=frozenset(operands.spaces),
        inner=inner,
    )


def make_inner(
    plan: Plan, layer: PatchLayer, step: Step, symbol: str, constants: Mapping[str, str], names: Names
) -> tuple[Layer, tuple[str, ...]]:
    """The function of one layer, which makes the calls of each of its forms, and the names of its pointers.

    `step`: the layer as a step of its own.
    """
    flash = Flash(symbol, names)
    operands = InnerOperands(plan, step, constants)
    body, several = statements(layer.forms, operands, flash)
    parameters = [*(["int32_t form"] if several else []), *operands.parameters()]
    forms = f"{len(layer.forms)} forms" if several else "one form"
    about = comment(f"{describe(plan.program.graph, step)}; in {forms}")
    written = Layer(
        node=layer.node.name,
        symbol=symbol,
        constants="\n".join(flash.texts),
        function=f"{about}\n{function(f'static NK_LAYER void {symbol}(', parameters, body)}",
        call="",
        weight_bytes=flash.nbytes,
        spaces=frozenset({Space.ARENA}),
    )
    return written, (*(["form"] if several else []), *operands.used)


def statements(forms: Sequence[TileForm], operands: Operands, flash: Flash) -> tuple[list[str], bool]:
    """The calls of all forms, and whether they depend on the form.

    Forms that call the same kernels with the same pointers differ in argument structs only: one call and an array.
    """
    alike = (
        len({tuple(call_text_without_args(c, operands, flash) for c in form.calls) for form in forms}) == 1
    )
    if not alike:
        return switch("form", [[call_text(c, operands, flash) for c in form.calls] for form in forms]), True
    lines, several = [], False
    for number, call in enumerate(forms[0].calls):
        args = [form.calls[number].args for form in forms]
        if all(each == args[0] for each in args):
            lines.append(call_text(call, operands, flash))
            continue
        several = True
        name = flash.fresh.fresh(f"{flash.prefix}_forms")
        flash.texts.append(structs(name, args))
        called, given = call_text_without_args(call, operands, flash)
        lines.append(broken_call(f"  {called}(", [*given, f"&{name}[form]"]))
    return lines, several


def call_text_without_args(call: Call, operands: Operands, flash: Flash) -> tuple[str, tuple[str, ...]]:
    """The function that is called, and its pointers."""
    pairs = zip(call.pointers, call.kernel.params, strict=True)
    given = tuple(pointer_text(pointer, param, operands, flash) for pointer, param in pairs)
    return function_name(operands.plan.program, operands.step.node.name, call.kernel), given


@dataclass(slots=True)
class Axis:
    """Numbers that depend on the tile's row, or column: constants, steps, or what a table says.

    `index` is the loop's variable, `table` that of the tile's part of the table.
    """

    index: str
    table: str
    count: int
    columns: list[tuple[int, ...]] = field(default_factory=list)

    def value(self, numbers: Sequence[int]) -> str:
        """The C expression of one number for each tile."""
        given = tuple(numbers)
        step = given[1] - given[0] if len(given) > 1 else 0
        if all(n == given[0] + step * i for i, n in enumerate(given)):
            if step < 0:
                return f"{given[0]} - {times(self.index, str(-step))}"
            return plus(times(self.index, str(step)), str(given[0]))
        if given not in self.columns:
            self.columns.append(given)
        return f"{self.table}[{self.columns.index(given)}]"

    def head(self, symbol: str) -> list[str]:
        """The loop's first lines."""
        lines = [f"for (int32_t {self.index} = 0; {self.index} < {self.count}; {self.index}++) {{"]
        if self.columns:
            at = plus(symbol, times(self.index, str(len(self.columns))))
            lines.append(f"  const int16_t *const {self.table} = {at};")
        return lines


def times(*factors: str) -> str:
    """The product; factors are names, numbers, products and sums. Numbers are multiplied now."""
    number, kept = 1, []
    for factor in factors:
        *names, last = factor.split(" * ")
        if " + " in factor or " - " in factor:
            kept.append(f"({factor})")
            continue
        kept += names if last.isdigit() else [*names, last]
        number *= int(last) if last.isdigit() else 1
    if number == 0 or not kept:
        return str(number)
    return " * ".join([*kept, *([str(number)] if number != 1 else [])])


def plus(*terms: str) -> str:
    """The sum."""
    return " + ".join(t for t in terms if t != "0") or "0"


class TileWriter:
    """The function that walks the tiles."""

    def __init__(self, plan: Plan, step: Step, patches: Patches) -> None:
        self.plan, self.step, self.patches = plan, step, patches
        self.rows = Axis("i", "r", patches.grid[0])
        self.columns = Axis("j", "c", patches.grid[1])

    def operand(self, tensor: str) -> str:
        """The parameter of a tensor that comes from outside."""
        if tensor in self.step.node.outputs:
            return "y"
        inputs = self.step.node.inputs
        return f"x{inputs.index(tensor)}" if len(inputs) > 1 else "x"

    def body(self, inner: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
        """The statements for one tile; `inner` is the function of each layer and the names of its arguments."""
        return [
            self.copy(event) if isinstance(event, Copy) else self.compute(event, *inner[event.layer])
            for event in self.patches.events
        ]

    @property
    def indent(self) -> str:
        """Of the statements of a tile."""
        return "  " * (1 + sum(axis.count > 1 for axis in (self.rows, self.columns)))

    def loops(self, body: Sequence[str], flash: Flash) -> list[str]:
        """The statements of the whole function. Tables go to flash."""
        lines, indent = list(body), self.indent
        for axis, label in ((self.columns, "columns"), (self.rows, "rows")):
            table = ""
            if axis.columns:
                data = np.array(axis.columns, dtype=np.int16).T
                table = flash.add_array(label, data, f"{label} of tiles x numbers")
            if axis.count > 1:
                indent = indent[2:]
                lines = [*(indent + line for line in axis.head(table)), *lines, indent + "}"]
        return lines

    def copy(self, event: Copy) -> str:
        """A rectangle is cut out, or put into the output."""
        source, target = self.patches.held[event.source], self.patches.held[event.target]
        small = source if target.home is Home.OUTPUT else target
        counts = [span.count for span in small.box.rows]
        nbytes = self.pitch(small, small.pixel_bytes)
        return broken_call(
            f"{self.indent}nk_tile_copy(",
            [
                self.bytes_at(target, small.box.rows, small.box.columns, const=False),
                self.pitch(target, target.pixel_bytes),
                self.bytes_at(source, small.box.rows, small.box.columns, const=True),
                self.pitch(source, source.pixel_bytes),
                self.rows.value(counts),
                nbytes,
            ],
        )

    def compute(self, event: Compute, symbol: str, names: tuple[str, ...]) -> str:
        """A layer's rectangle is computed."""
        layer, held = self.patches.layers[event.layer], self.patches.held
        several = len({held[number].tensor for _, number in layer.inputs}) > 1
        given = {}
        for _, number in layer.inputs:
            name = f"x{layer.node.inputs.index(held[number].tensor)}" if several else "x"
            given[name] = self.pointer(held[number], layer.box.rows, const=True)
        given["y"] = self.pointer(held[layer.output], layer.made.rows, const=False)
        given["scratch"] = plus("scratch", str(layer.scratch_offset))
        along = len(set(layer.along))
        given["form"] = plus(
            self.rows.value([kind * along for kind in layer.down]), self.columns.value(layer.along)
        )
        return broken_call(f"{self.indent}{symbol}(", [given[name] for name in names])

    def pointer(self, held: Held, rows: Spans, *, const: bool) -> str:
        """Where rows of what is held are, as elements."""
        kind = self.plan.program.graph.tensors[held.tensor].dtype
        down = self.rows.value([a.start - b.start for a, b in zip(rows, held.box.rows, strict=True)])
        if held.home is not Home.HELD:
            pixel = held.pixel_bytes // kind.size
            return plus(self.operand(held.tensor), times(down, self.pitch(held, pixel)))
        at = plus("scratch", str(held.offset), times(down, self.pitch(held, held.pixel_bytes)))
        return f"({'const ' if const else ''}{kind.c} *){f'({at})' if ' ' in at else at}"

    def bytes_at(self, held: Held, rows: Spans, columns: Spans, *, const: bool) -> str:
        """Where a rectangle of what is held starts, as bytes."""
        down = self.rows.value([a.start - b.start for a, b in zip(rows, held.box.rows, strict=True)])
        along = self.columns.value(
            [a.start - b.start for a, b in zip(columns, held.box.columns, strict=True)]
        )
        base = f"scratch + {held.offset}" if held.offset else "scratch"
        if held.home is not Home.HELD:
            base = f"({'const ' if const else ''}uint8_t *){self.operand(held.tensor)}"
        pixel = str(held.pixel_bytes)
        return plus(base, times(down, self.pitch(held, held.pixel_bytes)), times(along, pixel))

    def pitch(self, held: Held, pixel: int) -> str:
        """From a row of what is held to the next; `pixel` is the size of a pixel."""
        return times(self.columns.value([span.count for span in held.box.columns]), str(pixel))
