"""Graphs of about two hundred nodes, each of a kind that is hard for a planner in its own way.

Weights are random: they are for the time that planning takes and for what it finds, not for answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from netsuke.bench.network_builder import Builder
from netsuke.ir import Graph

NODES = 200
"""Of each graph, about."""
PIXELS = 96
CLASSES = 10
BEHIND = 4
"""Nodes behind the last layer: average, reshape, dense, and one to spare."""


def separable(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """A chain of depthwise-separable blocks (MobileNetV1's)."""
    b = Builder(name=f"separable_{nodes}", seed=seed)
    x = b.conv("stem", b.image(pixels, pixels, 3), 8, 3, 2, relu=True)
    number = 0
    while len(b.nodes) + BEHIND < nodes:
        stride = 2 if number in (2, 12, 60) else 1
        x = b.depthwise(f"depthwise{number}", x, 3, stride)
        x = b.conv(f"pointwise{number}", x, b.shape(x)[3] * stride, 1, 1, relu=True)
        number += 1
    return b.classified(x, CLASSES)


def residual(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """Inverted residual blocks (MobileNetV2's), four nodes each."""
    b = Builder(name=f"residual_{nodes}", seed=seed)
    x = b.conv("stem", b.image(pixels, pixels, 3), 8, 3, 2, relu=False)
    number = 0
    while len(b.nodes) + BEHIND < nodes:
        stride = 2 if number in (4, 16, 32) else 1
        channels = b.shape(x)[3]
        y = b.conv(f"expand{number}", x, channels * 4, 1, 1, relu=True)
        y = b.depthwise(f"depthwise{number}", y, 3, stride)
        y = b.conv(f"project{number}", y, channels * stride, 1, 1, relu=False)
        x = y if stride > 1 else b.sum(f"sum{number}", x, y)
        number += 1
    return b.classified(x, CLASSES)


def dense(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """Every layer of a stage reads what all before it made (DenseNet's): sums of channels that only grow."""
    b = Builder(name=f"dense_{nodes}", seed=seed)
    x = b.conv("stem", b.image(pixels, pixels, 3), 8, 3, 2, relu=True)
    number = 0
    while len(b.nodes) + BEHIND < nodes:
        if number % 12 == 11:
            x = b.conv(f"transition{number}", x, b.shape(x)[3] // 3, 1, 1, relu=True)
            x = b.pool(f"pool{number}", x, 2, 2) if number < 40 else x
        y = b.conv(f"narrow{number}", x, 16, 1, 1, relu=True)
        y = b.conv(f"grow{number}", y, 4, 3, 1, relu=True)
        x = b.joined(f"joined{number}", [x, y])
        number += 1
    return b.classified(x, CLASSES)


def inception(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """Modules of four branches of unlike widths and depths, joined: the order of the branches matters."""
    b = Builder(name=f"inception_{nodes}", seed=seed)
    x = b.conv("stem", b.image(pixels, pixels, 3), 16, 3, 2, relu=True)
    number = 0
    while len(b.nodes) + BEHIND < nodes:
        n = f"module{number}"
        deep = b.conv(f"{n}_a0", x, 24, 1, 1, relu=True)
        deep = b.conv(f"{n}_a2", b.depthwise(f"{n}_a1", deep, 3, 1), 8, 1, 1, relu=True)
        wide = b.conv(f"{n}_b0", x, 4, 1, 1, relu=True)
        wide = b.conv(f"{n}_b1", wide, 8, 3, 1, relu=True)
        pooled = b.conv(f"{n}_c1", b.pool(f"{n}_c0", x, 3, 1, largest=True), 4, 1, 1, relu=True)
        short = b.conv(f"{n}_d", x, 4, 1, 1, relu=True)
        x = b.joined(f"{n}_joined", [deep, wide, pooled, short])
        if number in (3, 8, 13):
            x = b.pool(f"{n}_smaller", x, 3, 2, largest=True)
        number += 1
    return b.classified(x, CLASSES)


def cells(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """Cells as architecture search finds them (NASNet's): each reads the two before it, sums pairs of branches, joins
    the sums."""
    b, chance = Builder(name=f"cells_{nodes}", seed=seed), random.Random(seed)
    x = b.conv("stem", b.image(pixels, pixels, 3), 16, 3, 2, relu=False)
    before, number = b.conv("stem2", x, 16, 1, 1, relu=False), 0
    while len(b.nodes) + BEHIND < nodes:
        n, values = f"cell{number}", [x, before]
        values = [b.conv(f"{n}_in{i}", v, 8, 1, 1, relu=False) for i, v in enumerate(values)]
        for i in range(4):
            sides = [side(b, f"{n}_{i}{s}", chance.choice(values), chance.randrange(3)) for s in range(2)]
            values.append(b.sum(f"{n}_sum{i}", *sides))
        before, x = x, b.joined(f"{n}_joined", values[2:])
        if number in (2, 5):
            before = b.pool(f"{n}_before", before, 2, 2)
            x = b.pool(f"{n}_smaller", x, 2, 2)
        number += 1
    return b.classified(x, CLASSES)


def side(b: Builder, name: str, x: str, kind: int) -> str:
    """One side of a sum: as it is, a pool, or a separable convolution."""
    if kind == 0:
        return x
    if kind == 1:
        return b.pool(f"{name}_pool", x, 3, 1)
    y = b.depthwise(f"{name}_depthwise", x, 3, 1)
    return b.conv(f"{name}_pointwise", y, b.shape(x)[3], 1, 1, relu=False)


def scattered(nodes: int = NODES, pixels: int = PIXELS, *, seed: int = 0) -> Graph:
    """A random acyclic graph: every node reads one or two of the last ten values; all that is left is summed up."""
    b, chance = Builder(name=f"scattered_{nodes}", seed=seed), random.Random(seed)
    stem = b.conv("stem", b.image(pixels, pixels, 3), 12, 3, 2, relu=False)
    values = [b.pool("pool", stem, 2, 2)]
    unread = list(values)
    while len(b.nodes) + len(unread) + BEHIND < nodes:
        n, x = f"node{len(b.nodes)}", chance.choice(values[-10:])
        other = chance.choice(values[-10:])
        made = chance.randrange(4)
        if made == 0 and other != x:
            y = b.sum(n, x, other)
            unread = [v for v in unread if v != other]
        elif made == 1:
            y = b.pool(n, x, 3, 1, largest=chance.random() < 0.5)
        elif made == 2:
            y = b.conv(n, b.depthwise(f"{n}_depthwise", x, 3, 1), 12, 1, 1, relu=False)
        else:
            y = b.conv(n, x, 12, 3 if chance.random() < 0.3 else 1, 1, relu=False)
        unread = [v for v in unread if v != x]
        values.append(y)
        unread.append(y)
    total = unread[0]
    for i, left in enumerate(unread[1:]):
        total = b.sum(f"left{i}", total, left)
    return b.classified(total, CLASSES)


LARGE: Mapping[str, Callable[[], Graph]] = {
    "separable": separable,
    "residual": residual,
    "dense": dense,
    "inception": inception,
    "cells": cells,
    "scattered": scattered,
}
"""One of each kind."""
