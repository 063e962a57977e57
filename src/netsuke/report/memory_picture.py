"""The arena over time as SVG: steps from left to right, bytes from bottom to top, a rectangle a buffer."""

from __future__ import annotations

from netsuke.report.axis import LEFT, Scale, Steps, grid, round_size, ticks
from netsuke.report.markup import Markup, tag, text
from netsuke.report.result import BufferKind, BufferResult, BuildResult
from netsuke.report.words import count, shortened, size

HEIGHT, TOP, BOTTOM = 340.0, 26.0, 28.0
"""Pixels of the plot, above it (the line's label) and below it (the steps)."""
CHARACTER = 7.4
"""Pixels of a label's character."""


def memory_picture(result: BuildResult) -> Markup:
    """The picture; an empty arena gives only its axes."""
    steps = Steps(layers=len(result.layers))
    highest = float(max(result.arena_bytes, result.naive_peak_bytes, 1))
    scale = Scale(highest=highest, height=HEIGHT, bottom=TOP + HEIGHT)
    height = TOP + HEIGHT + BOTTOM
    parts = grid(steps, scale, [(v, round_size(v)) for v in ticks(highest, binary=True)])
    parts += [_buffer(buffer, result, steps, scale) for buffer in result.buffers]
    parts += _lines(result, steps, scale)
    parts += _step_numbers(steps, height - 10)
    return tag(
        "svg",
        tag("title", text("Memory over time")),
        *parts,
        viewBox=f"0 0 {steps.width:.0f} {height:.0f}",
        style=f"min-width:{max(steps.width * 0.62, 560):.0f}px",
        role="img",
        class_="memory",
    )


def _buffer(buffer: BufferResult, result: BuildResult, steps: Steps, scale: Scale) -> Markup:
    base = result.base(buffer.arena)
    x, y = steps.x(buffer.first_step), scale.y(base + buffer.end)
    width = steps.column * (buffer.last_step - buffer.first_step + 1)
    height = scale.y(base + buffer.offset) - y
    parts = [
        tag("title", text(_words(buffer, result))),
        tag("rect", x=x + 0.75, y=y + 0.75, width=max(width - 1.5, 1), height=max(height - 1.5, 1), rx=3),
    ]
    room = steps.column * (_covered_from(buffer, result) - buffer.first_step) - 14
    parts += _labels(_label(buffer, result), buffer.nbytes, x + 7, y, room, height)
    return tag("g", *parts, class_=f"buffer {buffer.kind.value}")


def _covered_from(buffer: BufferResult, result: BuildResult) -> int:
    """The step from which a later buffer is drawn over this one: an output over the input that it may lie on."""
    later = [
        one.first_step
        for one in result.buffers
        if one.arena == buffer.arena
        and buffer.first_step < one.first_step <= buffer.last_step
        and one.offset < buffer.end
        and buffer.offset < one.end
    ]
    return min(later, default=buffer.last_step + 1)


def _label(buffer: BufferResult, result: BuildResult) -> str:
    """Activations are called after the layer that writes them: tensors' names often end alike."""
    if buffer.kind is BufferKind.ACTIVATION and 0 <= buffer.first_step < len(result.layers):
        return result.layers[buffer.first_step].name
    return buffer.name


def _labels(name: str, nbytes: int, x: float, y: float, width: float, height: float) -> list[Markup]:
    """Name and size inside the rectangle, as far as there is room for them."""
    letters = int(width / CHARACTER)
    fitting = name if len(name) <= letters else name.rsplit("/", 1)[-1]
    words = [shortened(fitting, letters)] if letters >= min(len(fitting), 8) else []
    words += [size(nbytes)] if letters >= 6 else []
    lines = words[: int((height - 4) / 15)]
    first = y + 16 if height >= 24 else y + height / 2 + 4
    return [
        tag("text", text(line), x=x, y=first + 15 * i, class_="faint" if i else None)
        for i, line in enumerate(lines)
    ]


def _words(buffer: BufferResult, result: BuildResult) -> str:
    shared = f"\nshared by {', '.join(buffer.tensors)}" if len(buffer.tensors) > 1 else ""
    first, last = (_place(step, result) for step in (buffer.first_step, buffer.last_step))
    when = f"at {first}" if first == last else f"from {first} to {last}"
    part = f" of part {buffer.arena + 1} of the arena" if len(result.arenas) > 1 else ""
    where = f"{count(buffer.nbytes)} bytes at offset {count(buffer.offset)}{part}"
    return f"{buffer.name} ({buffer.kind.value})\n{where}\nin use {when}{shared}"


def _place(step: int, result: BuildResult) -> str:
    if step < 0:
        return "the start"
    return f"step {step} ({result.layers[step].op})" if step < len(result.layers) else "the end"


def _lines(result: BuildResult, steps: Steps, scale: Scale) -> list[Markup]:
    words = f"arena {count(result.arena_bytes)} bytes"
    drawn = [_line(steps, scale, result.arena_bytes, "peak")]
    drawn.append(_mark(LEFT + 2, scale.y(result.arena_bytes), words, "peak", "start"))
    for number in range(1, len(result.arenas)):
        words = f"part {number + 1}, {count(result.arenas[number])} bytes"
        drawn.append(_line(steps, scale, result.base(number), "peak"))
        drawn.append(_mark(LEFT + 2, scale.y(result.base(number)), words, "peak", "start"))
    if result.naive_peak_bytes > result.arena_bytes:
        words = f"without sharing {count(result.naive_peak_bytes)} bytes"
        drawn.append(_line(steps, scale, result.naive_peak_bytes, "naive"))
        drawn.append(_mark(steps.right, scale.y(result.naive_peak_bytes), words, "naive", "end"))
    return drawn


def _line(steps: Steps, scale: Scale, value: int, kind: str) -> Markup:
    y = scale.y(value)
    return tag("line", x1=LEFT, x2=steps.right, y1=y, y2=y, class_=kind)


def _mark(x: float, y: float, words: str, kind: str, anchor: str) -> Markup:
    return tag("text", text(words), x=x, y=y - 6, class_=f"mark {kind}", text_anchor=anchor)


def _step_numbers(steps: Steps, y: float) -> list[Markup]:
    every = max(1, round(26 / steps.column))
    shown = [(step, str(step)) for step in range(0, steps.layers, every)]
    ends = [(-1, "in"), (steps.layers, "out")]
    return [
        tag("text", text(label), x=steps.x(step) + steps.column / 2, y=y, class_="tick", text_anchor="middle")
        for step, label in [*ends, *shown]
    ]
