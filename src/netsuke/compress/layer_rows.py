"""A layer as matrix products: what its outputs see, a row an output pixel, by groups that do not see each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.compress.fast_float import patches
from netsuke.compress.lockstep import Lockstep
from netsuke.ir import Array, Node
from netsuke.ops.operator import Site, site_of

LEARNABLE = frozenset({"conv_2d", "depthwise_conv_2d", "fully_connected"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRows:
    """x float32 [groups, rows, depth]: rounded inputs; y float32 [groups, rows, channels]: what the float layer gives
    for the exact ones, before its activation."""

    x: Array
    y: Array


def layer_rows(both: Lockstep, node: Node, most: int, chance: np.random.Generator) -> LayerRows:
    """About `most` rows of a layer, drawn evenly from all samples."""
    found = []
    for (exact, _), rounded in zip(both.linear(node), both.rounded, strict=True):
        given = rounded[node.inputs[0]]
        site = site_of(both.real.of(len(given)), node)
        x, y = seen(site, given), exact.reshape(-1, exact.shape[-1])
        share = max(1, round(most / len(both.rounded)))
        chosen = chance.choice(y.shape[0], min(share, y.shape[0]), replace=False)
        found.append((x[:, chosen], y[chosen]))
    x, y = np.concatenate([f[0] for f in found], axis=1), np.concatenate([f[1] for f in found])
    groups = len(x)
    return LayerRows(x=x, y=np.ascontiguousarray(y.reshape(len(y), groups, -1).transpose(1, 0, 2)))


def seen(site: Site[Any], x: Array) -> Array:
    """float32 [groups, rows, depth] of a layer's input."""
    if site.node.op == "fully_connected":
        return x.reshape(1, -1, site.x(1).shape[1])
    channels = x.shape[3]
    cut = patches(site, x)
    taps = cut.shape[3] // channels
    rows = cut.reshape(-1, taps, channels)
    groups = channels if site.node.op == "depthwise_conv_2d" else channels // site.x(1).shape[3]
    split = rows.reshape(len(rows), taps, groups, channels // groups)
    return np.ascontiguousarray(split.transpose(2, 0, 1, 3)).reshape(groups, len(rows), -1)


def as_matrices(op: str, weights: Array, groups: int) -> Array:
    """Weights as [groups, depth, channels]."""
    if op == "depthwise_conv_2d":
        taps = weights.shape[1] * weights.shape[2]
        return np.ascontiguousarray(weights.reshape(taps, groups, -1).transpose(1, 0, 2))
    rows = weights.reshape(groups, weights.shape[0] // groups, -1)
    return np.ascontiguousarray(rows.transpose(0, 2, 1))


def as_weights(op: str, matrices: Array, shape: tuple[int, ...]) -> Array:
    """The inverse of `as_matrices`."""
    if op == "depthwise_conv_2d":
        return np.ascontiguousarray(matrices.transpose(1, 0, 2)).reshape(shape)
    return np.ascontiguousarray(matrices.transpose(0, 2, 1)).reshape(shape)
