"""The timetable of a compact stream in C: places are numbers in a table, and most events happen again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.codegen.layers import Flash
from netsuke.codegen.style import call as broken_call
from netsuke.ir import Array
from netsuke.ops.program import Step
from netsuke.ops.stream import Band, Event, Home, Move, Stream, StreamLayer, Take
from netsuke.plan import Plan


def operand_name(step: Step, tensor: str) -> str:
    """The parameter of a tensor that comes from outside a fused step."""
    reads = tensor in step.node.inputs
    side = step.node.inputs if reads else step.node.outputs
    letter = "x" if reads else "y"
    return f"{letter}{side.index(tensor)}" if len(side) > 1 else letter


def smallest_type(largest: int) -> str:
    """The unsigned C type that holds numbers up to `largest`."""
    return "uint8" if largest < 1 << 8 else "uint16" if largest < 1 << 16 else "uint32"


class CompactWriter:
    """The function that walks the timetable of a compact stream."""

    def __init__(self, plan: Plan, step: Step, stream: Stream) -> None:
        self.plan, self.step, self.stream = plan, step, stream
        assert stream.room is not None
        self.counters = stream.counters
        self.counting = stream.counting
        self.kinds = list(dict.fromkeys(stream.events))

    def operand(self, tensor: str) -> str:
        """See operand_name."""
        return operand_name(self.step, tensor)

    def place(self, scratch: str) -> str:
        """The number of the next event, outside the function that walks the timetable."""
        return f"((const nk_rows *)({scratch} + {self.counters}))[{len(self.counting)}].end"

    def reset(self) -> list[str]:
        """The statements that put the counters to where the timetable starts."""
        if not self.stream.counter_bytes:
            return []
        if self.stream.taken is None:
            return ["  memset(r, 0, sizeof r);"]
        return [f"  memset(scratch + {self.counters}, 0, {self.stream.counter_bytes});"]

    def body(self, flash: Flash, inner: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
        """The statements; `inner` is the function of each layer and the names of its pointers."""
        number = {kind: i for i, kind in enumerate(self.kinds)}
        order = np.array(
            [number[e] for e in self.stream.events], dtype=np.dtype(smallest_type(len(self.kinds)))
        )
        events = flash.add_array("events", order, "what happens, one after the other")
        rows = self.table()
        kinds = flash.add_array("kinds", rows, "kinds of events x (layer, form, places)")
        kind, width = f"{order.dtype}_t", rows.shape[1]
        counters = f"  nk_rows r[{len(self.counting)}];"
        if self.stream.taken is not None:
            counters = f"  nk_rows *const r = (nk_rows *)(scratch + {self.counters});"
        lines = [counters] if self.stream.counter_bytes else []
        if self.stream.taken is None:
            lines += self.reset()
            lines.append(f"  for (const {kind} *e = {events}; e != {events} + {len(order)}; e++) {{")
        else:
            place = f"r[{len(self.counting)}].end"
            lines.append(f"  const {kind} *e = {events} + {place};")
            going = (
                f"e != {events} + {len(order)} && (taken == 0 || {kinds}[*e * {width}] != {self.take_number})"
            )
            lines.append(f"  for (int32_t taken = 0; {going}; e++) {{")
        lines.append(f"    const {rows.dtype}_t *const k = {kinds} + *e * {width};")
        lines.append("    switch (k[0]) {")
        for at, (layer, given) in enumerate(zip(self.stream.layers, inner, strict=True)):
            lines += [f"      case {at}:", *self.band(at, layer, *given), "        break;"]
        if any(isinstance(kind, Move) for kind in self.kinds):
            shift = "        nk_rows_shift(scratch, (int32_t)k[1], (int32_t)k[2], (int32_t)k[3]);"
            lines += [f"      case {self.move_number}:", shift, "        break;"]
        if self.stream.taken is not None:
            nbytes = self.stream.lines[self.stream.taken].row_bytes
            taking = [f"        memcpy(scratch + k[2], row, {nbytes});", "        taken = 1;"]
            lines += [f"      case {self.take_number}:", *taking, "        break;"]
        lines += ["      default:", "        break;", "    }", "  }"]
        if self.stream.taken is not None:
            lines.append(f"  r[{len(self.counting)}].end = (int16_t)(e - {events});")
        return lines if any("scratch" in line for line in lines) else ["  (void)scratch;", *lines]

    @property
    def move_number(self) -> int:
        """Of moves, among the layers."""
        return len(self.stream.layers)

    @property
    def take_number(self) -> int:
        """Of the caller's next row."""
        return len(self.stream.layers) + 1

    def table(self) -> Array:
        """unsigned [kinds, columns]."""
        rows = [self.numbers(kind) for kind in self.kinds]
        width = max(len(row) for row in rows)
        largest = max(max(row) for row in rows)
        return np.array(
            [[*row, *[0] * (width - len(row))] for row in rows], dtype=np.dtype(smallest_type(largest))
        )

    def numbers(self, kind: Event) -> list[int]:
        """What the table says of an event."""
        if isinstance(kind, Move):
            return [self.move_number, kind.to, kind.origin, kind.nbytes]
        assert isinstance(kind, Band | Take)
        assert kind.places is not None
        at = [place for _, place in kind.places.rows]
        if isinstance(kind, Take):
            return [self.take_number, 0, *at]
        return [kind.layer, kind.form, *at, kind.places.scratch]

    def held(self, layer: StreamLayer) -> list[int]:
        """The lines whose places an event of the layer names, in the table's order."""
        lines = (*dict.fromkeys(line for _, line in layer.lines), layer.output)
        return [line for line in lines if self.stream.lines[line].home is Home.HELD]

    def band(self, number: int, layer: StreamLayer, symbol: str, pointers: tuple[str, ...]) -> list[str]:
        """The call of a layer's next band."""
        out, w = layer.output, layer.window
        done = f"r[{self.counting.index(number)}].end" if number in self.counting else ""
        seen = done if (w.stride, w.before) == (1, 0) else f"nk_rows_seen({done}, {w.stride}, {w.before})"
        lines = list(dict.fromkeys(line for _, line in layer.lines))
        column = {line: 2 + at for at, line in enumerate(self.held(layer))}
        given = {}
        for line in (*lines, out):
            name = "y" if line == out else self.parameter(layer, line, len(lines))
            if self.stream.lines[line].sums_bytes:
                given["sums"] = f"(int32_t *)(scratch + k[{column[line]}])"
            elif line in column:
                given[name] = self.pointer(line, f"k[{column[line]}]", const=line != out)
            else:
                given[name] = self.whole(line, done if line == out else seen)
        given["scratch"] = f"scratch + k[{2 + len(column)}]"
        form = ["(int32_t)k[1]"] if len(layer.forms) > 1 else []
        text = [broken_call(f"        {symbol}(", [*form, *(given[name] for name in pointers)])]
        if done:
            rows, total = max(form.rows for form in layer.forms), w.output
            step = f"{rows}" if total % rows == 0 else f"nk_min({rows}, {total} - {done})"
            text.append(f"        {done} = (int16_t)({done} + {step});")
        return text

    def parameter(self, layer: StreamLayer, line: int, count: int) -> str:
        """The name of the pointer to an input line."""
        if count == 1:
            return "x"
        return f"x{layer.node.inputs.index(self.stream.lines[line].tensor)}"

    def pointer(self, line: int, at: str, *, const: bool) -> str:
        """Rows of a line."""
        kind = self.plan.program.graph.tensors[self.stream.lines[line].tensor].dtype
        return f"({'const ' if const else ''}{kind.c} *)(scratch + {at})"

    def whole(self, line: int, row: str) -> str:
        """Rows of a tensor outside."""
        held = self.stream.lines[line]
        size = self.plan.program.graph.tensors[held.tensor].dtype.size
        return f"{self.operand(held.tensor)} + {row} * {held.row_bytes // size}"
