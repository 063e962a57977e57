"""A stream in C: a function for each of its layers, and one that walks the timetable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from netsuke.codegen.compact_layers import CompactWriter, operand_name
from netsuke.codegen.layers import Flash, Layer, Operands, Pushing, call_text, describe
from netsuke.codegen.names import Names, identifier
from netsuke.codegen.style import call as broken_call
from netsuke.codegen.style import comment, function
from netsuke.ir import Array
from netsuke.ops.program import Step
from netsuke.ops.stream import Band, Drop, Home, Line, Stream, StreamLayer, Take
from netsuke.plan import Plan, Space

DROP = 128
"""Added to a line's number in the timetable."""
TAKE = 127
"""The caller's next row, in the timetable."""


def make_stream_layer(
    plan: Plan, step: Step, symbol: str, constants: Mapping[str, str], names: Names, prefix: str
) -> Layer:
    """Writes a stream: see `make_layer`. The functions of its layers begin with `prefix`."""
    stream = step.stream
    assert stream is not None
    writer = StreamWriter(plan, step, stream) if stream.room is None else CompactWriter(plan, step, stream)
    made = [
        make_inner(plan, layer, one, names.fresh(f"{prefix}_{identifier(one.node.name)}"), constants, names)
        for layer, one in zip(stream.layers, step.inner, strict=True)
    ]
    inner = tuple(layer for layer, _ in made)
    flash = Flash(symbol, names)
    operands = Operands(plan, step, constants)
    if stream.taken is not None:
        operands.tensor(stream.lines[stream.taken].tensor, "row", const=True)
    for name in (*step.node.inputs, *step.node.outputs):
        operands.tensor(name, writer.operand(name), const=name in step.node.inputs)
    operands.add_scratch()
    lines = writer.body(flash, [(layer.symbol, given) for layer, given in made])
    about = comment(describe(plan.program.graph, step))
    definition = function(f"static NK_LAYER void {symbol}(", operands.parameters(), lines)
    begin, pushing, call = "", None, broken_call(f"  {symbol}(", operands.arguments())
    if stream.taken is not None:
        begin = function(f"static void {symbol}_begin(", ["uint8_t *scratch"], writer.reset())
        place = writer.place(operands.arguments()[-1])
        pushing, call = pushed_calls(
            plan, step, symbol, operands.arguments(), f"{place} == {len(stream.events)}"
        )
    return Layer(
        node=step.node.name,
        symbol=symbol,
        constants="\n".join([*(c for layer in inner for c in [layer.constants] if c), *flash.texts]),
        function="\n".join(
            [*(layer.function for layer in inner), *([begin] if begin else []), f"{about}\n{definition}"]
        ),
        call=call,
        weight_bytes=flash.nbytes,
        spaces=frozenset({*operands.spaces, Space.ARENA}),
        pushing=pushing,
        inner=inner,
    )


def pushed_calls(
    plan: Plan, step: Step, symbol: str, arguments: Sequence[str], full: str
) -> tuple[Pushing, str]:
    """The statements around a stream to which rows are pushed, and the one that pushes a whole input.

    full: the C condition that all rows have come.
    """
    stream = step.stream
    assert stream is not None
    assert stream.taken is not None
    tensor = plan.program.graph.tensors[stream.lines[stream.taken].tensor]
    rows, (whole, *others) = tensor.shape[1], arguments
    scratch = arguments[-1]
    begin = broken_call(f"  {symbol}_begin(", [scratch])
    loop = [
        begin,
        f"  for (int32_t row = 0; row < {rows}; row++) {{",
        broken_call(f"    {symbol}(", [f"{whole} + row * {tensor.elements // rows}", *others]),
        "  }",
    ]
    pushing = Pushing(
        begin=begin,
        row=broken_call(f"  {symbol}(", ["row", *others]),
        full=full,
    )
    return pushing, "\n".join(loop)


class InnerOperands(Operands):
    """The pointers a stream's layer takes: rows, wherever they lie."""

    def tensor(self, tensor: str, name: str, *, const: bool) -> str:
        kind = self.plan.program.graph.tensors[tensor]
        self.used[name] = (f"{'const ' if const else ''}{kind.dtype.c} *{name}", "")
        return name

    def add_scratch(self) -> None:
        self.used["scratch"] = ("uint8_t *scratch", "")


def make_inner(
    plan: Plan, layer: StreamLayer, step: Step, symbol: str, constants: Mapping[str, str], names: Names
) -> tuple[Layer, tuple[str, ...]]:
    """The function of one layer, which makes the calls of each of its forms, and the names of its pointers.

    `step`: the layer as a step of its own.
    """
    flash = Flash(symbol, names)
    operands = InnerOperands(plan, step, constants)
    texts = [[call_text(call, operands, flash) for call in form.calls] for form in layer.forms]
    body = texts[0] if len(texts) == 1 else switch("form", texts)
    parameters = [*(["int32_t form"] if len(texts) > 1 else []), *operands.parameters()]
    about = comment(f"{describe(plan.program.graph, step)}; {layer.forms[0].rows} rows at a time")
    written = Layer(
        node=layer.node.name,
        symbol=symbol,
        constants="\n".join(flash.texts),
        function=f"{about}\n{function(f'static NK_LAYER void {symbol}(', parameters, body)}",
        call="",
        weight_bytes=flash.nbytes,
        spaces=frozenset({Space.ARENA}),
    )
    return written, tuple(operands.used)


def switch(value: str, texts: list[list[str]]) -> list[str]:
    """A switch over 0, 1, ...; the last case is the default."""
    lines = [f"  switch ({value}) {{"]
    for number, statements in enumerate(texts):
        last = number == len(texts) - 1
        lines.append("    default:" if last else f"    case {number}:")
        lines += ["    " + line for text in statements for line in text.split("\n")]
        lines.append("      break;")
    return [*lines, "  }"]


def timetable(stream: Stream) -> Array:
    """uint8 [events, 2]."""
    rows = []
    for e in stream.events:
        if isinstance(e, Take):
            rows.append((TAKE, 0))
        elif isinstance(e, Band):
            rows.append((e.layer, e.form))
        else:
            assert isinstance(e, Drop)
            rows.append((DROP + e.line, e.rows))
    return np.array(rows, dtype=np.uint8)


class StreamWriter:
    """The function that walks the timetable."""

    def __init__(self, plan: Plan, step: Step, stream: Stream) -> None:
        self.plan, self.step, self.stream = plan, step, stream
        self.offsets, self.kernel_scratch = stream.layout

    def operand(self, tensor: str) -> str:
        """See operand_name."""
        return operand_name(self.step, tensor)

    def reset(self) -> list[str]:
        """The statements that put the counters to where the timetable starts."""
        return [
            "  nk_rows *const r = (nk_rows *)scratch;",
            f"  memset(r, 0, {self.stream.counter_bytes});",
            *(f"  r[{i}].first = {-line.above};" for i, line in enumerate(self.stream.lines) if line.above),
        ]

    def place(self, scratch: str) -> str:
        """The number of the next event, outside the function that walks the timetable."""
        return f"((const nk_rows *)({scratch}))[{len(self.stream.lines)}].end"

    def body(self, flash: Flash, inner: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
        """The statements; `inner` is the function of each layer and the names of its pointers."""
        table = flash.add_array(
            "rows", timetable(self.stream), "events x (layer and form, or 128 + line and rows dropped)"
        )
        end = f"{table} + {2 * len(self.stream.events)}"
        cases = [self.band(layer, *given) for layer, given in zip(self.stream.layers, inner, strict=True)]
        place = f"r[{len(self.stream.lines)}].end"
        if self.stream.taken is None:
            lines = [*self.reset(), f"  for (const uint8_t *e = {table}; e != {end}; e += 2) {{"]
        else:
            lines = [
                "  nk_rows *const r = (nk_rows *)scratch;",
                f"  const uint8_t *e = {table} + 2 * {place};",
                f"  for (int32_t taken = 0; e != {end} && (taken == 0 || e[0] != {TAKE}); e += 2) {{",
            ]
        lines.append("    switch (e[0]) {")
        for number, text in enumerate(cases):
            lines += [f"      case {number}:", *text, "        break;"]
        for number, line in enumerate(self.stream.lines):
            if line.home is Home.HELD and line.shares is None and line.capacity < line.rows + line.above:
                lines += [f"      case {DROP + number}:", *self.drop(number, line), "        break;"]
        if self.stream.taken is not None:
            lines += [f"      case {TAKE}:", *self.take(self.stream.taken), "        break;"]
        lines += ["      default:", "        break;", "    }", "  }"]
        return lines if self.stream.taken is None else [*lines, f"  {place} = (int16_t)((e - {table}) / 2);"]

    def take(self, line: int) -> list[str]:
        """The caller's row comes into its line."""
        row = f"r[{line}].end"
        held, root = self.stream.lines[line], self.stream.root(line)
        at = f"scratch + {self.offsets[root]} + ({row} - r[{root}].first) * {held.row_bytes}"
        return [
            broken_call("        memcpy(", [at, "row", str(held.row_bytes)]),
            f"        {row} = (int16_t)({row} + 1);",
            "        taken = 1;",
        ]

    def band(self, layer: StreamLayer, symbol: str, pointers: tuple[str, ...]) -> list[str]:
        """The call of a layer's next band."""
        out = layer.output
        row = f"r[{out}].end"
        w = layer.window
        seen = row if (w.stride, w.before) == (1, 0) else f"nk_rows_seen({row}, {w.stride}, {w.before})"
        lines = dict.fromkeys(line for _, line in layer.lines)
        given = {
            f"x{layer.node.inputs.index(self.stream.lines[line].tensor)}"
            if len(lines) > 1
            else "x": self.pointer(line, seen, const=True)
            for line in lines
            if not self.stream.lines[line].sums_bytes
        }
        if not self.stream.lines[out].sums_bytes:
            given["y"] = self.pointer(out, row, const=False)
        sums = [line for line in (*lines, out) if self.stream.lines[line].sums_bytes]
        given.update(("sums", f"(int32_t *)(scratch + {self.offsets[line]})") for line in sums)
        given["scratch"] = self.scratch()
        form = ["e[1]"] if len(layer.forms) > 1 else []
        rows, total = max(form.rows for form in layer.forms), w.output
        step = f"{rows}" if total % rows == 0 else f"nk_min({rows}, {total} - {row})"
        return [
            broken_call(f"        {symbol}(", [*form, *(given[name] for name in pointers)]),
            f"        {row} = (int16_t)({row} + {step});",
        ]

    def scratch(self) -> str:
        """The kernels' own scratch."""
        return f"scratch + {self.kernel_scratch}"

    def pointer(self, line: int, row: str, *, const: bool) -> str:
        """Where row `row` of a line is."""
        root = self.stream.root(line)
        held, kind = self.stream.lines[root], self.plan.program.graph.tensors[self.stream.lines[line].tensor]
        if held.home is not Home.HELD:
            size = self.plan.program.graph.tensors[held.tensor].dtype.size
            return f"{self.operand(held.tensor)} + {row} * {held.row_bytes // size}"
        at = f"scratch + {self.offsets[root]} + ({row} - r[{root}].first) * {held.row_bytes}"
        return f"({'const ' if const else ''}{kind.dtype.c} *)({at})"

    def drop(self, number: int, line: Line) -> list[str]:
        """Rows leave a line buffer."""
        gone = f"        r[{number}].first = (int16_t)(r[{number}].first + e[1]);"
        if line.over is not None:
            return [gone]
        leaf = number
        while filler := [i for i, x in enumerate(self.stream.lines) if x.shares == leaf]:
            leaf = filler[0]
        kept = f"(r[{leaf}].end - r[{number}].first - e[1]) * {line.row_bytes}"
        return [
            broken_call(
                "        nk_rows_move(",
                [f"scratch + {self.offsets[number]}", f"e[1] * {line.row_bytes}", kept],
            ),
            gone,
        ]
