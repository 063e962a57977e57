"""AdaRound: which way each weight is rounded, learned layer by layer.

M. Nagel, R. A. Amjad, M. van Baalen, C. Louizos, T. Blankevoort: Up or Down? Adaptive Rounding for Post-Training
Quantization, ICML 2020. Each weight is rounded down and gets a variable h in 0..1 on top, a stretched sigmoid of what
is learned; the loss is the error of the layer's output after its activation, on inputs as the rounded layers before it
give them, plus a pull of every h to 0 or 1 that grows sharper. In the end h is rounded. Channels whose error is not
below that of rounding to nearest keep the latter, so that a layer's reconstruction never gets worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from netsuke.compress.coding import HIGHEST
from netsuke.compress.layer_rows import LEARNABLE, LayerRows, as_matrices, as_weights, layer_rows
from netsuke.compress.lockstep import Lockstep
from netsuke.compress.samples import Samples, gathered
from netsuke.compress.scheme import Layer, Scheme, constant
from netsuke.ir import Array, Graph, Node
from netsuke.ops.activation import FLOAT32_MAX

SAMPLES = 256
ROWS = 4096
BATCH = 256
STEPS = 600
RATE = 0.02
LOWEST, HIGHEST_H = -0.1, 1.1
"""The sigmoid is stretched to these and clipped to 0..1, so that it reaches both."""
SHARPNESS = (20.0, 2.0)
"""From the first to the last step that pulls."""
FREE = 0.2
"""Share of the steps that do not pull."""
PULL = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """What is learned for one layer: rows, real weights over scale [groups, depth, channels], scales and bias
    [groups, 1, channels], and the activation."""

    rows: LayerRows
    ratio: Array
    scale: Array
    bias: Array
    low: float
    high: float
    largest: int

    def error(self, values: Array, rows: slice | Array = slice(None)) -> Array:
        """Output error after the activation, [groups, rows, channels]."""
        given = self.rows.x[:, rows] @ (values * self.scale) + self.bias
        wanted = self.rows.y[:, rows]
        result: Array = np.clip(given, self.low, self.high) - np.clip(wanted, self.low, self.high)
        return result


def learned_rounding(
    graph: Graph, scheme: Scheme, samples: Samples, *, seed: int, progress: Callable[[float], None]
) -> Scheme:
    """The scheme with every convolution's and fully connected layer's weights rounded as learned.

    The same samples and seed give the same integers on the same machine.
    """
    both = Lockstep(graph, scheme, gathered(samples, SAMPLES))
    chance = np.random.default_rng(seed)
    learnable = [node for node in graph.nodes if node.op in LEARNABLE]
    for node in graph.nodes:
        if node in learnable:
            before = learnable.index(node)

            def share(done: float, before: int = before) -> None:
                progress((before + done) / len(learnable))

            layer = both.scheme.layers[node.name]
            task = task_of(graph, node, layer, layer_rows(both, node, ROWS, chance))
            values = learn(task, chance, share)
            whole = as_weights(node.op, values, layer.values.shape).astype(np.int8)
            both.scheme = both.scheme.with_layer(node.name, replace(layer, values=whole))
        both.advance(node)
    return both.scheme


def task_of(graph: Graph, node: Node, layer: Layer, rows: LayerRows) -> Task:
    """One layer's task."""
    groups = len(rows.x)
    scale = layer.scales.reshape(groups, 1, -1).astype(np.float32)
    weights = as_matrices(node.op, constant(graph, node, 1), groups)
    bias = np.zeros_like(scale) if layer.bias is None else layer.bias.reshape(scale.shape).astype(np.float32)
    clamp = getattr(node.args, "clamp", None) or (-FLOAT32_MAX, FLOAT32_MAX)
    return Task(
        rows=rows,
        ratio=weights / scale,
        scale=scale,
        bias=bias,
        low=float(clamp[0]),
        high=float(clamp[1]),
        largest=HIGHEST[layer.bits],
    )


def learn(task: Task, chance: np.random.Generator, progress: Callable[[float], None]) -> Array:
    """The integers of a layer, [groups, depth, channels]: learned where that is better than nearest."""
    floor = np.floor(task.ratio)
    nearest = np.clip(np.rint(task.ratio), -task.largest, task.largest)
    at_nearest = np.square(task.error(nearest)).mean(axis=1, keepdims=True)
    if not at_nearest.any():
        return nearest
    weight = 1 / float(at_nearest.mean())
    up = descend(task, floor, weight, chance, progress) >= 0.5
    learned = np.clip(floor + up, -task.largest, task.largest)
    better = np.square(task.error(learned)).mean(axis=1, keepdims=True) < at_nearest
    result: Array = np.where(better, learned, nearest)
    return result


def descend(
    task: Task, floor: Array, weight: float, chance: np.random.Generator, progress: Callable[[float], None]
) -> Array:
    """h of every weight after STEPS steps of Adam. `weight` brings the output's error to 1 at rounding to nearest."""
    share = np.clip(task.ratio - floor, 1e-3, 1 - 1e-3)
    v = logit((share - LOWEST) / (HIGHEST_H - LOWEST)).astype(np.float32)
    mean: Array = np.zeros_like(v)
    square: Array = np.zeros_like(v)
    rows = task.rows.x.shape[1]
    for step in range(1, STEPS + 1):
        chosen = chance.integers(0, rows, min(BATCH, rows))
        gradient = slope(task, floor, v, chosen, weight, step)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        v -= RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        if step % 50 == 0:
            progress(step / STEPS)
    return stretched(v)[0]


def slope(task: Task, floor: Array, v: Array, rows: Array, weight: float, step: int) -> Array:
    """The loss's gradient by v on some rows."""
    h, inner = stretched(v)
    values = np.clip(floor + h, -task.largest, task.largest)
    given = task.rows.x[:, rows] @ (values * task.scale) + task.bias
    wanted = np.clip(task.rows.y[:, rows], task.low, task.high)
    error = np.where((given > task.low) & (given < task.high), given - wanted, 0)
    count = error.size
    by_h = task.rows.x[:, rows].transpose(0, 2, 1) @ error * task.scale * np.float32(2 * weight / count)
    begin = FREE * STEPS
    if step > begin:
        done = (step - begin) / (STEPS - begin)
        power = SHARPNESS[1] + 0.5 * (SHARPNESS[0] - SHARPNESS[1]) * (1 + np.cos(done * np.pi))
        distance = 2 * h - 1
        pull = -2 * power * np.sign(distance) * np.abs(distance) ** (power - 1)
        by_h += np.float32(PULL / h.size) * pull
    result: Array = (by_h * inner).astype(np.float32)
    return result


def stretched(v: Array) -> tuple[Array, Array]:
    """h of v, and its derivative."""
    sigmoid = 1 / (1 + np.exp(-v))
    wide = sigmoid * (HIGHEST_H - LOWEST) + LOWEST
    inside = (wide > 0) & (wide < 1)
    return np.clip(wide, 0, 1), np.where(inside, sigmoid * (1 - sigmoid) * (HIGHEST_H - LOWEST), 0)


def logit(share: Array) -> Array:
    """The inverse of the sigmoid."""
    result: Array = np.log(share / (1 - share))
    return result
