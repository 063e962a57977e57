"""Small random networks: chains, branches, residual sums, concatenations, views, unary layers, states.

`pick(n)` gives a number below n: from Hypothesis, which then shrinks the network, or from a seeded generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netsuke.ir import DType, Graph
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.geometry import Padding
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.pad import Pad
from netsuke.ops.pool import Pool2d
from netsuke.ops.reshape import Reshape
from netsuke.ops.split import Split
from netsuke.ops.transpose import Transpose
from netsuke.ops.unary import NoArgs
from tests.codegen.builder import Builder

Pick = Callable[[int], int]
MOST_ELEMENTS = 600


class Grower:
    """A network while it grows; `values` are the tensors that a layer may read, images all."""

    def __init__(self, pick: Pick, dtype: DType) -> None:
        self.pick, self.b = pick, Builder("random", dtype)
        self.values = [self.b.input(1, 1 + pick(5), 1 + pick(5), 1 + pick(6)) for _ in range(1 + pick(2))]
        self.states: list[str] = []

    def any(self) -> str:
        """Mostly the newest value: networks are deep."""
        return self.values[-1 - self.pick(len(self.values))] if self.pick(3) == 0 else self.values[-1]

    def like(self, x: str) -> str:
        """A value of the same shape, the same one where there is no other."""
        same = [v for v in self.values if self.b.shape(v) == self.b.shape(x)]
        return same[self.pick(len(same))]

    # -- layers

    def conv(self) -> None:
        self.values.append(self.b.conv(self.any(), 1 + self.pick(8), 1 + 2 * self.pick(2), 1 + self.pick(2)))

    def depthwise(self) -> None:
        self.values.append(self.b.depthwise(self.any()))

    def residual(self) -> None:
        x = self.any()
        self.values += self.b.op("add", [x, self.like(x)], AddSub())

    def biased(self) -> None:
        x = self.any()
        constant = self.b.value(*self.b.shape(x)[-1 - self.pick(4) :])
        self.values += self.b.op("add", [x, constant] if self.pick(2) else [constant, x], AddSub())

    def unary(self) -> None:
        x = self.any()
        if self.pick(2):
            self.values += self.b.op("leaky_relu", [x], LeakyRelu(alpha=0.25))
        else:
            self.values += self.b.op("hard_swish", [x], NoArgs())

    def pool(self) -> None:
        args = Pool2d(kernel=(2, 2), stride=(1 + self.pick(2),) * 2, padding=Padding.SAME)
        self.values += self.b.op(("max_pool_2d", "average_pool_2d")[self.pick(2)], [self.any()], args)

    def joined(self) -> None:
        x = self.any()
        parts = [x, *(self.like(x) for _ in range(1 + self.pick(2)))]
        if sum(self.b.tensors[p].elements for p in parts) <= MOST_ELEMENTS:
            self.values += self.b.op("concatenation", parts, Concatenation(axis=self.pick(3) + 1))

    def cut(self) -> None:
        x = self.any()
        axis = self.pick(3) + 1
        size = self.b.shape(x)[axis]
        if size > 1:
            first = 1 + self.pick(size - 1)
            self.values += self.b.op("split", [x], Split(axis=axis, sizes=(first, size - first)), outputs=2)

    def reshaped(self) -> None:
        x = self.any()
        n, h, w, c = self.b.shape(x)
        shape = ((n, w, h, c), (n, 1, h * w, c), (n, h, 1, w * c), (n, 1, 1, h * w * c))[self.pick(4)]
        self.values += self.b.op("reshape", [x], Reshape(shape=shape))

    def dense(self) -> None:
        """A dense layer of all elements; its result is an image of one pixel."""
        x = self.any()
        if self.b.tensors[x].elements <= MOST_ELEMENTS:
            y = self.b.dense(x, 1 + self.pick(9))
            self.values += self.b.op("reshape", [y], Reshape(shape=(1, 1, 1, self.b.shape(y)[-1])))

    def transposed(self) -> None:
        self.values += self.b.op("transpose", [self.any()], Transpose(perm=(0, 2, 1, 3)))

    def padded(self) -> None:
        x = self.any()
        amounts = ((0, 0), (self.pick(2), 1), (0, self.pick(2)), (0, 0))
        if self.b.tensors[x].elements <= MOST_ELEMENTS // 3:
            self.values += self.b.op("pad", [x], Pad(amounts=amounts, value=0))

    def stateful(self) -> None:
        """Reads a state, an old one or one made like a value."""
        if not self.states or self.pick(2):
            self.states.append(self.b.state(*self.b.shape(self.any())))
            self.values.append(self.b.read(self.states[-1]))
        else:
            self.values.append(self.b.read(self.states[self.pick(len(self.states))]))

    def assigned(self) -> None:
        if self.states:
            state = self.states[self.pick(len(self.states))]
            self.b.assign(state, self.fitting(state))

    def fitting(self, state: str) -> str:
        """A value of the state's shape."""
        shape = next(s.type.shape for s in self.b.states if s.name == state)
        found = [v for v in self.values if self.b.shape(v) == shape]
        return found[self.pick(len(found))]

    # -- the whole

    def graph(self, outputs: int) -> Graph:
        """The newest value and some others are outputs; a network that computed nothing gets a layer."""
        for state in self.b.states:
            self.b.assign(state.name, self.fitting(state.name))
        computed = {name for node in self.b.nodes for name in node.outputs}
        if not computed:
            self.depthwise()
            computed = {self.values[-1]}
        pool = [v for v in reversed(self.values) if v in computed]
        chosen = [pool[0], *(pool[self.pick(len(pool))] for _ in range(outputs - 1))]
        return self.b.graph(*dict.fromkeys(chosen))


LAYERS: Mapping[str, Callable[[Grower], None]] = {
    "conv": Grower.conv,
    "depthwise": Grower.depthwise,
    "residual": Grower.residual,
    "biased": Grower.biased,
    "unary": Grower.unary,
    "pool": Grower.pool,
    "joined": Grower.joined,
    "cut": Grower.cut,
    "reshaped": Grower.reshaped,
    "dense": Grower.dense,
    "transposed": Grower.transposed,
    "padded": Grower.padded,
    "stateful": Grower.stateful,
    "assigned": Grower.assigned,
}


def random_graph(pick: Pick, most_layers: int = 14) -> Graph:
    """A network of up to so many layers."""
    grower = Grower(pick, (DType.INT8, DType.FLOAT32, DType.INT8)[pick(3)])
    kinds = list(LAYERS.values())
    for _ in range(pick(most_layers) + 1):
        kinds[pick(len(kinds))](grower)
    return grower.graph(outputs=1 + pick(3))
