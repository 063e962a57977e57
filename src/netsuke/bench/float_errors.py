"""How exact the float kernels are: the C on the host held against the true values, onnxruntime and torch.

`netsuke bench float` prints the table; with --markdown it prints docs/float.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch

from netsuke.bench.float_cases import FloatCase
from netsuke.bench.onnx_host import HostJob, run_jobs
from netsuke.bench.sheet import Sheet, markdown_table
from netsuke.importers.onnx.load import load
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret

SMALLEST_NORMAL = 2.0**-126
EPSILON = 2.0**-23
FAR = 9999
LARGEST = np.finfo(np.float32).max
"""What sums, products and quotients have for infinity (see the page)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Largest errors of ours, of onnxruntime and of torch, in the case's unit; `said`: what was wrong with the C."""

    case: FloatCase
    ours: float
    runtime: float
    torch: float
    said: str = ""

    @property
    def passed(self) -> bool:
        """The C gives the reference's bytes, and no error is above the limit."""
        return not self.said and self.ours <= self.case.limit


def model_of(case: FloatCase, shape: tuple[int, ...]) -> bytes:
    """The ONNX file: one node that gives `shape`."""
    from onnx import TensorProto, helper, numpy_helper

    names = [f"x{i}" for i in range(len(case.inputs))]
    held = [f"c{i}" for i in range(len(case.constants))]
    node = helper.make_node(case.op, [*names, *held], ["y"], **case.attributes)
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
        for name, value in zip(names, case.inputs, strict=True)
    ]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    initial = [numpy_helper.from_array(value, name) for name, value in zip(held, case.constants, strict=True)]
    graph = helper.make_graph([node], "case", ports, [y], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=10)
    return bytes(model.SerializeToString())


def truth_of(case: FloatCase) -> Array:
    """In double."""
    with np.errstate(all="ignore"):
        return np.asarray(case.truth(*(x.astype(np.float64) for x in case.inputs)))


def ours_of(case: FloatCase, graph: Graph, shape: tuple[int, ...]) -> tuple[tuple[Array, ...], Array, Array]:
    """(inputs in the graph's layout, output as the graph gives it, output in ONNX's layout, which has `shape`)."""
    kinds = [graph.tensors[name] for name in graph.inputs]
    inputs = tuple(in_layout(x, kind.shape) for x, kind in zip(case.inputs, kinds, strict=True))
    output = interpret(graph, inputs).outputs[0]
    plain = output.transpose(0, 3, 1, 2) if len(shape) == 4 and output.shape != shape else output
    return inputs, output, np.ascontiguousarray(plain).reshape(shape)


def in_layout(x: Array, shape: tuple[int, ...]) -> Array:
    """Images with their channels last."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1) if x.ndim == 4 else x).reshape(shape)


def ulp_of(true: Array) -> Array:
    """The distance of float32 numbers around a true value, as double."""
    size = np.clip(np.abs(true), SMALLEST_NORMAL, float(LARGEST))
    return np.asarray(np.exp2(np.floor(np.log2(size)) - 23))


def error(case: FloatCase, got: Array, true: Array, *, normal: bool) -> float:
    """The largest error; `normal`: only where the true value is no subnormal number."""
    with np.errstate(all="ignore"):
        unit = ulp_of(true)
        if case.magnitude is not None:
            unit = case.magnitude(*(x.astype(np.float64) for x in case.inputs)) * EPSILON
        rounded = true.astype(np.float32)
        got = np.where(np.isinf(rounded) & (np.abs(got) == LARGEST), np.copysign(np.inf, got), got)
        apart = np.abs(got.astype(np.float64) - true) / unit
        same = (got == rounded) & ~np.isfinite(rounded) | np.isnan(got) & np.isnan(true)
        apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
        if normal:
            apart = np.where(np.abs(true) < SMALLEST_NORMAL, 0.0, apart)
    return float(apart.max())


def runtime_of(data: bytes, inputs: Sequence[Array]) -> Array | None:
    """onnxruntime's result; None where it has no such operator."""
    onnxruntime: Any = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception:  # its errors have no common class
        return None
    named = {port.name: value for port, value in zip(session.get_inputs(), inputs, strict=True)}
    return np.asarray(session.run(None, named)[0])


def torch_of(case: FloatCase) -> Array | None:
    """torch's result."""
    if case.torch is None:
        return None
    with torch.no_grad():
        found: Any = case.torch(*map(torch.from_numpy, case.inputs))
    return np.asarray(found)


def measured(cases: Sequence[FloatCase]) -> tuple[Row, ...]:
    """All rows; the C of all cases is compiled for the host and must give the reference's bytes."""
    jobs, rows = [], []
    for case in cases:
        true = truth_of(case)
        data = model_of(case, true.shape)
        graph = load(data, case.name.replace(" ", "_").replace(",", ""))
        inputs, output, plain = ours_of(case, graph, true.shape)
        jobs.append(HostJob(name=case.name, graph=graph, inputs=inputs, outputs=(output,)))
        others = [runtime_of(data, case.inputs), torch_of(case)]
        theirs = [np.nan if o is None else error(case, o, true, normal=True) for o in others]
        ours = error(case, plain, true, normal=False)
        rows.append(Row(case=case, ours=ours, runtime=theirs[0], torch=theirs[1]))
    wrong = run_jobs(jobs)
    return tuple(
        Row(case=r.case, ours=r.ours, runtime=r.runtime, torch=r.torch, said=wrong.get(r.case.name, ""))
        for r in rows
    )


def number(value: float) -> str:
    """An error in a table."""
    if np.isnan(value):
        return "–"
    return "far" if value > FAR else f"{value:.2f}"


HEADINGS = ("operator", "inputs", "at most", "measured", "onnxruntime", "torch")


def sheets(rows: Sequence[Row]) -> list[Sheet]:
    """Functions, then sums."""
    return [
        sheet("float functions, ulp", [r for r in rows if r.case.magnitude is None]),
        sheet(
            "float sums, 2^-23 of the terms' magnitudes", [r for r in rows if r.case.magnitude is not None]
        ),
    ]


def sheet(title: str, rows: Sequence[Row]) -> Sheet:
    """One table."""
    cells = tuple(
        (r.case.name, r.case.said, f"{r.case.limit:g}", *map(number, (r.ours, r.runtime, r.torch)))
        for r in rows
    )
    return Sheet(title=title, headings=HEADINGS, left=frozenset(HEADINGS[:2]), rows=cells)


def complaints(rows: Sequence[Row]) -> list[str]:
    """What is not as it is stated."""
    return [
        f"{r.case.name}: {r.said or f'{r.ours:.2f}, at most {r.case.limit:g}'}" for r in rows if not r.passed
    ]


DOCUMENT = """# Float kernels: how near the true values

Printed by `netsuke bench float --markdown`. A test holds it.

The C is compiled for the host, its bytes are those of the numpy reference, and the conformance tests hold the C on the
emulated Cortex-M4 and M7, with their FPUs, to the same bytes: what is measured here holds there. Truth is double
precision; beside ours stand the errors of onnxruntime and torch on the same inputs, as they were on the machine that
wrote this page (results below the smallest normal number left out: both may flush them to 0).

## Functions
Errors in ulp of the true value, 0.5 being a correctly rounded result. Zeros, infinities, NaN and subnormal numbers are
among the inputs; what is no number comes out as NaN.

{functions}

{notes}

## Sums
Errors in units of 2^-23 of the sum of the magnitudes of the terms (for a norm, a softmax and its logarithm of what the
row says). Products are rounded, then added in order, as in LiteRT's reference kernels: no FMA, no pairwise sums, so
that the result is the same on every core. Errors grow with the number of terms n as its root does; the bound is n / 2.

{sums}
"""
NOTES = """What is infinite after `add`, `sub`, `mul`, `div` and `reciprocal` is the largest finite number: TFLite's
kernels clamp to it where no activation is fused, and ours are theirs. It counts as infinity here.

Above 2 ulp: `sigmoid` below -9, where it is exp(x), as LiteRT's reference kernel has it (relative error 1.2e-4);
`gelu` in its negative tail, a product of two exponentials and a series (onnxruntime and torch round its argument and
are far off); `gelu` by way of tanh, whose formula cancels for negative numbers; and `silu` and `mish`, which are
chains of operators as ONNX has them. *far*: above 9999."""


def document(rows: Sequence[Row]) -> str:
    """The page."""
    functions, sums = map(markdown_table, sheets(rows))
    return DOCUMENT.format(functions=functions, notes=NOTES, sums=sums)
