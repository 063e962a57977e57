"""What a model needs, told in about a second: nothing is compiled, nothing is run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from netsuke.boards import Board
from netsuke.errors import UnsupportedModel
from netsuke.importers.loading import load
from netsuke.importers.unsupported import UnsupportedOperators
from netsuke.ir import Graph, Node, Tensor
from netsuke.lower import lower
from netsuke.ops.kernel import Constant
from netsuke.ops.operator import site_of
from netsuke.ops.program import Program, bind
from netsuke.ops.registry import operator
from netsuke.plan import Plan, make_plan
from netsuke.report.inspection import (
    FitPrediction,
    Inspection,
    LayerInspection,
    OperatorUse,
    Prediction,
    UnsupportedUse,
)
from netsuke.report.ports import port
from netsuke.tune import Tuner

STACK_ALLOWANCE = 1024
"""Bytes of stack that a prediction counts with; `netsuke build` measures the real mark."""
CODE_BASE = 1024
"""Bytes of start-up code and the invoke function that a prediction counts with."""
CODE_PER_KERNEL = 1024
"""Bytes of code for each different kernel that a prediction counts with."""


def inspect_file(path: Path, board: Board | None = None) -> Inspection:
    """The model file against a board, or for itself. Operators that netsuke lacks are in the answer.

    Raises:
        ImportModelError: when the file is not a readable model.
    """
    try:
        graph = load(path)
    except UnsupportedOperators as error:
        lacking = tuple(UnsupportedUse(op=one.op, place=one.place, hint=one.hint) for one in error.operators)
        return Inspection(model=path.stem, unsupported=lacking)
    return inspect_graph(graph, board)


def inspect_graph(graph: Graph, board: Board | None = None) -> Inspection:
    """The graph against a board, or for itself.

    Raises:
        GraphError: when a node breaks a rule of its operator.
    """
    layers = tuple(_layer(graph, index, node) for index, node in enumerate(graph.nodes))
    peak, peak_layer = live_peak(graph)
    prediction: Prediction | None = None
    lacking: tuple[UnsupportedUse, ...] = ()
    try:
        lowered = lower(graph).graph
        plan = make_plan(bind(lowered)) if board is None else fast_plan(lowered, board)
    except UnsupportedModel as error:
        lacking = (UnsupportedUse(op="model", place=graph.name, hint=str(error)),)
    else:
        prediction = _prediction(plan)
    state_bytes = sum(state.type.nbytes for state in graph.states)
    return Inspection(
        model=graph.name,
        inputs=tuple(port(graph.tensors[name]) for name in graph.inputs),
        outputs=tuple(port(graph.tensors[name]) for name in graph.outputs),
        layers=layers,
        operators=_operators(layers),
        macs=sum(layer.macs for layer in layers),
        weight_bytes=sum(constant.nbytes for constant in constants(graph, graph.nodes)),
        peak_bytes=peak,
        peak_layer=peak_layer,
        state_bytes=state_bytes,
        stack_allowance=STACK_ALLOWANCE,
        prediction=prediction,
        fit=_fit(prediction, state_bytes, board) if prediction is not None and board is not None else None,
        unsupported=lacking,
    )


def fast_plan(graph: Graph, board: Board) -> Plan:
    """With the fastest kernels; where flash would be short, with smaller ones, as a build would take them."""
    tuner = Tuner(graph, board.core)
    plan = make_plan(tuner.program("speed"))
    found = _prediction(plan)
    short = found.weight_bytes + found.code_bytes - board.flash_bytes
    return plan if short <= 0 else make_plan(tuner.smaller("speed", short)[0])


def constants(graph: Graph, nodes: Iterable[Node]) -> list[Tensor]:
    """The constants that the nodes read, each once."""
    names = dict.fromkeys(name for node in nodes for name in node.inputs if name)
    return [graph.tensors[name] for name in names if graph.tensors[name].is_constant]


def live_peak(graph: Graph) -> tuple[int, str]:
    """(bytes, layer): the largest sum of tensors alive at one node, and where it is reached."""
    last = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs if name}
    last.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
    alive = {name: graph.tensors[name].nbytes for name in graph.inputs}
    peak, where = sum(alive.values()), ""
    for index, node in enumerate(graph.nodes):
        alive.update((name, graph.tensors[name].nbytes) for name in node.outputs)
        now = sum(alive.values())
        if now > peak:
            peak, where = now, node.name
        alive = {name: size for name, size in alive.items() if last.get(name, -1) > index}
    return peak, where


def _layer(graph: Graph, index: int, node: Node) -> LayerInspection:
    site = site_of(graph, node)
    shown = next((t for t in (*site.outputs, *site.inputs) if t is not None), None)
    return LayerInspection(
        index=index,
        name=node.name,
        op=node.op,
        dtype=shown.dtype.value if shown is not None else "",
        output_shape=site.outputs[0].shape if site.outputs else (),
        macs=operator(node.op).macs(site),
        weight_bytes=sum(constant.nbytes for constant in constants(graph, [node])),
    )


def _operators(layers: tuple[LayerInspection, ...]) -> tuple[OperatorUse, ...]:
    names = dict.fromkeys(layer.op for layer in layers)
    uses = []
    for name in names:
        own = [layer for layer in layers if layer.op == name]
        macs, weights = sum(layer.macs for layer in own), sum(layer.weight_bytes for layer in own)
        uses.append(OperatorUse(op=name, uses=len(own), macs=macs, weight_bytes=weights))
    return tuple(sorted(uses, key=lambda use: (-use.macs, -use.uses, use.op)))


def _prediction(plan: Plan) -> Prediction:
    kernels = {call.kernel.name for step in plan.steps for call in step.calls}
    return Prediction(
        layers=len(plan.steps),
        macs=sum(step.macs for step in plan.steps),
        weight_bytes=flash_constants(plan.program),
        arena_bytes=plan.arena_bytes,
        code_bytes=CODE_BASE + CODE_PER_KERNEL * len(kernels),
    )


def flash_constants(program: Program) -> int:
    """Bytes of the arrays that the program's calls read from flash, each array once."""
    arrays = {
        id(pointer.data): math.prod(pointer.data.shape) * pointer.data.itemsize
        for step in program.steps
        for call in step.calls
        for pointer in call.pointers
        if isinstance(pointer, Constant)
    }
    return sum(arrays.values())


def _fit(prediction: Prediction, state_bytes: int, board: Board) -> FitPrediction:
    return FitPrediction(
        board=board.name,
        board_title=board.title,
        core=board.core.name,
        ram_bytes=prediction.arena_bytes + state_bytes + STACK_ALLOWANCE,
        ram_available=board.ram_bytes,
        flash_bytes=prediction.weight_bytes + prediction.code_bytes,
        flash_available=board.flash_bytes,
    )
