"""An inspection in a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from netsuke.report.inspection import FitPrediction, Inspection, LayerInspection
from netsuke.report.result import PortResult
from netsuke.report.terminal import fit_bar, verdict_line
from netsuke.report.words import count, percent, plural, printable, shape, shortened, size

SHOWN_LAYERS = 60
"""Layers that are listed; of a longer model the middle is left out (--json has them all)."""


def print_inspection(console: Console, inspection: Inspection) -> None:
    """Prints it. Names from the model are shown as plain text: no markup, no terminal codes."""
    console.print(inspection_summary(inspection))


def inspection_summary(inspection: Inspection) -> Group:
    """The inspection as one renderable."""
    parts: list[RenderableType] = [Text(), Text(f" {printable(inspection.model)}", style="bold"), Text()]
    if inspection.layers:
        parts += [_ports(inspection), Text(), _layers(inspection), Text(), _totals(inspection), Text()]
    if inspection.fit is not None:
        parts += [_verdict(inspection.fit), _fit(inspection.fit), Text()]
    if inspection.unsupported:
        parts += [*_unsupported(inspection), Text()]
    return Group(*parts)


def _ports(inspection: Inspection) -> Table:
    table = Table.grid(padding=(0, 2))
    for kind, ports in ((" input", inspection.inputs), (" output", inspection.outputs)):
        for port in ports:
            table.add_row(Text(kind, style="dim"), Text(printable(port.name)), *_port(port))
    return table


def _port(port: PortResult) -> tuple[Text, Text]:
    scaled = "" if port.scale is None else f"scale {port.scale:.6g}, zero point {port.zero_point}"
    return Text(f"{port.dtype} {shape(port.shape)}"), Text(scaled, style="dim")


def _layers(inspection: Inspection) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(" #", justify="right", style="dim", no_wrap=True)
    table.add_column("layer", overflow="fold")  # names give way on a narrow terminal, numbers do not
    table.add_column("operator", overflow="ellipsis")
    table.add_column("output", no_wrap=True)
    for heading in ("MACs", "share", "weights"):
        table.add_column(heading, justify="right", no_wrap=True)
    hidden = len(inspection.layers) - SHOWN_LAYERS
    for layer in inspection.layers:
        if hidden > 0 and SHOWN_LAYERS // 2 <= layer.index < SHOWN_LAYERS // 2 + hidden:
            if layer.index == SHOWN_LAYERS // 2:
                table.add_row(" …", Text(f"{plural(hidden, 'more layer')}", style="dim"))
            continue
        table.add_row(*_layer(layer, inspection.macs))
    return table


def _layer(layer: LayerInspection, macs: int) -> tuple[Text, ...]:
    return (
        Text(f" {layer.index}"),
        Text(shortened(printable(layer.name), 26)),
        Text(layer.op),
        Text(f"{layer.dtype} {shape(layer.output_shape)}", style="dim"),
        Text(count(layer.macs) if layer.macs else ""),
        Text(percent(layer.macs, macs) if layer.macs else "", style="dim"),
        Text(size(layer.weight_bytes) if layer.weight_bytes else ""),
    )


def _totals(inspection: Inspection) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    planned = inspection.prediction
    table.add_row(" work", Text(_work(inspection)))
    table.add_row(
        " weights", Text(f"{count(inspection.weight_bytes)} bytes in the model file{_weights(inspection)}")
    )
    where = f" (at {printable(inspection.peak_layer)})" if inspection.peak_layer else ""
    arena = f", {count(planned.arena_bytes)} as planned" if planned is not None else ""
    table.add_row(" activations", Text(f"{count(inspection.peak_bytes)} bytes at most{where}{arena}"))
    if inspection.state_bytes:
        table.add_row(" state", Text(f"{count(inspection.state_bytes)} bytes from step to step"))
    return table


def _work(inspection: Inspection) -> str:
    planned = inspection.prediction
    work = f"{count(inspection.macs)} MACs in {plural(len(inspection.layers), 'layer')}"
    if planned is None or (planned.macs, planned.layers) == (inspection.macs, len(inspection.layers)):
        return work
    return f"{work}; after the passes {count(planned.macs)} in {planned.layers}"


def _weights(inspection: Inspection) -> str:
    planned = inspection.prediction
    return f", {count(planned.weight_bytes)} in flash" if planned is not None else ""


def _verdict(fit: FitPrediction) -> Text:
    if fit.fits:
        return verdict_line(True, f"fits {fit.board_title} ({fit.core})")
    short = [
        f"{what} is short by {count(-free)} bytes"
        for what, free in (("RAM", fit.ram_free), ("flash", fit.flash_free))
        if free < 0
    ]
    return verdict_line(False, f"does not fit {fit.board_title} ({fit.core}): {' and '.join(short)}")


def _fit(fit: FitPrediction) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    rows = (
        (
            " RAM",
            fit.ram_bytes,
            fit.ram_available,
            fit.ram_free,
            "arena, state and an allowance for the stack",
        ),
        (
            " flash",
            fit.flash_bytes,
            fit.flash_available,
            fit.flash_free,
            "weights and an estimate of the code",
        ),
    )
    for name, used, available, free, what in rows:
        left = "free" if free >= 0 else "too many"
        words = f"{size(used)} of {size(available)}, {count(abs(free))} bytes {left}"
        table.add_row(name, fit_bar(used, available), Text(words))
        table.add_row("", "", Text(what, style="dim"))
    return table


def _unsupported(inspection: Inspection) -> list[Text]:
    found = inspection.unsupported
    lines = [
        verdict_line(False, f"netsuke cannot build it yet: {plural(len(found), 'unsupported operator')}")
    ]
    for one in found:
        place = Text(f"  {printable(one.place)}", style="dim")
        lines.append(Text(f"   {printable(one.op)}", style="bold") + place)
        lines.append(Text(f"      {printable(one.hint)}"))
    return lines
