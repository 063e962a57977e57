"""A quantisation in the terminal, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from netsuke.report.quantization import Quality, QuantizationResult
from netsuke.report.words import count, plural, printable, size

if TYPE_CHECKING:
    from rich.console import Console


def print_quantization(console: Console, result: QuantizationResult) -> None:
    """A few lines: what was done, what it costs, how near it is."""
    console.print(Text(f"{printable(result.model)} → {printable(str(result.out))}", style="bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, words in rows(result):
        table.add_row(f" {name}", Text(words))
    console.print(table)


def rows(result: QuantizationResult) -> list[tuple[str, str]]:
    """Headings and what stands beside them."""
    where = (
        "of the calibration (give --data for others)"
        if result.on_calibration
        else "that were not calibrated with"
    )
    wide = f", {plural(result.int16_tensors, 'tensor')} in 16 bits" if result.int16_tensors else ""
    few = f", {plural(result.few_bits, 'layer')} with weights of 4 or 2 bits" if result.few_bits else ""
    calibrated = [("calibrated", f"with {plural(result.calibration_samples, 'sample')}")]
    return [
        ("done", "; ".join(result.steps)),
        *(calibrated if result.calibration_samples else []),
        ("layers", f"{result.layers}{wide}{few}"),
        ("constants", f"{size(result.float_bytes)} → {size(result.integer_bytes)}"),
        ("file", f"{count(result.file_bytes)} bytes; read back, it gives the same bytes"),
        *measured_rows(result.quality, where),
        ("time", f"{result.seconds:.1f} s"),
    ]


def measured_rows(quality: Quality | None, where: str) -> list[tuple[str, str]]:
    """What was measured, and on what."""
    if quality is None:
        return [("measured", "not (give --data)")]
    return [
        ("measured", f"on {plural(quality.samples, 'sample')} {where}"),
        ("output", quality_words(quality)),
    ]


def quality_words(quality: Quality) -> str:
    """The figures of a quality."""
    parts = [f"signal to quantisation noise {quality.sqnr_db:.1f} dB"]
    if quality.float_accuracy is not None and quality.integer_accuracy is not None:
        shares = f"{100 * quality.float_accuracy:.1f} % in float, {100 * quality.integer_accuracy:.1f} %"
        parts.append(f"accuracy {shares} in integers")
    if quality.agreement is not None:
        parts.append(f"the same class in {100 * quality.agreement:.1f} %")
    return "; ".join(parts)


def quantization_to_json(result: QuantizationResult) -> str:
    """The same as data."""
    quality = result.quality
    found = {
        "model": result.model,
        "out": str(result.out),
        "steps": list(result.steps),
        "calibration_samples": result.calibration_samples,
        "layers": result.layers,
        "int16_tensors": result.int16_tensors,
        "few_bits": result.few_bits,
        "float_bytes": result.float_bytes,
        "integer_bytes": result.integer_bytes,
        "file_bytes": result.file_bytes,
        "measured_on_calibration": result.on_calibration,
        "quality": None if quality is None else quality_json(quality),
        "seconds": round(result.seconds, 3),
    }
    return json.dumps(found, indent=2) + "\n"


def quality_json(quality: Quality) -> dict[str, object]:
    """A quality as data."""
    return {
        "samples": quality.samples,
        "sqnr_db": finite(quality.sqnr_db),
        "float_accuracy": quality.float_accuracy,
        "integer_accuracy": quality.integer_accuracy,
        "agreement": quality.agreement,
    }


def finite(value: float) -> float | None:
    """JSON has no infinity."""
    return round(value, 4) if abs(value) != float("inf") else None
