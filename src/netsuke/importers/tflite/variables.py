"""Streaming state: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE → states of the graph.

A variable is known by container and shared name. Its type is that of the tensors read from it or assigned
to it; its initial value is what the once-called subgraph assigns. A variable that nothing initialises
starts at its zero point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from netsuke.errors import ImportModelError
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.names import Names
from netsuke.importers.tflite.options import CallOnceOptions, VarHandleOptions
from netsuke.importers.tflite.place import Builder, CannotDecode, Place
from netsuke.ir import Array, State, TensorType
from netsuke.ops.state import AssignVariable, ReadVariable

MAX_STATE_BYTES = 64 * 1024 * 1024
"""Far above any microcontroller's RAM; a larger initial value is not even made."""

Key = tuple[str, str]
"""Container and shared name."""


@dataclass(slots=True)
class Variables:
    """The variables of a model while it is read."""

    names: dict[Key, str] = field(default_factory=dict)
    types: dict[str, TensorType] = field(default_factory=dict)
    initial: dict[str, Array] = field(default_factory=dict)
    taken: Names = field(default_factory=Names)
    called: set[int] = field(default_factory=set)
    """Subgraphs that a CALL_ONCE has run: it runs each once."""

    def handle(self, place: Place) -> None:
        """VAR_HANDLE: the output stands for the variable."""
        place.expect((0, 0))
        options = place.options(VarHandleOptions)
        key = (options.container, options.shared_name)
        if key not in self.names:
            self.names[key] = self.taken.claim(options.shared_name or "variable")
        place.builder.variables[place.record.outputs[0]] = self.names[key]

    def read(self, place: Place) -> None:
        """READ_VARIABLE."""
        place.expect((1, 1))
        name = self.of(place)
        self.see(place, name, place.y().type)
        place.node("read_variable", ReadVariable(variable=name))

    def assign(self, place: Place) -> None:
        """ASSIGN_VARIABLE."""
        place.expect((2, 2), outputs=0)
        name = self.of(place)
        self.see(place, name, place.x(1).type)
        place.node("assign_variable", AssignVariable(variable=name), place.x(1).name)

    def of(self, place: Place) -> str:
        """The variable that input 0 stands for."""
        name = place.builder.variables.get(place.index(0))
        if name is None:
            raise CannotDecode("the variable's handle is not made by a VAR_HANDLE; export the model again")
        return name

    def see(self, place: Place, name: str, kind: TensorType) -> None:
        """Notes the variable's type, which must be the same everywhere; the first with a quantisation is
        kept.
        """
        if kind.nbytes > MAX_STATE_BYTES:
            raise ImportModelError(
                f"variable {name!r} of shape {list(kind.shape)} has {kind.nbytes:,} bytes; "
                f"netsuke takes states up to {MAX_STATE_BYTES:,}"
            )
        known = self.types.setdefault(name, kind)
        if (known.shape, known.dtype) != (kind.shape, kind.dtype):
            raise ImportModelError(
                f"{place.record.op} ({place}): variable {name!r} is {kind.dtype.value}{list(kind.shape)} "
                f"here and {known.dtype.value}{list(known.shape)} elsewhere; one type was wanted"
            )
        if known.quantization is None:
            self.types[name] = kind

    def call_once(self, place: Place) -> None:
        """CALL_ONCE: runs the subgraph at build time; it may only assign constants to variables."""
        place.expect((0, 0), outputs=0)
        number = place.options(CallOnceOptions).init_subgraph_index
        subgraphs = place.builder.model.subgraphs
        if not 1 <= number < len(subgraphs):
            raise Malformed(f"CALL_ONCE refers to subgraph {number} of {len(subgraphs)}")
        if number in self.called:
            return
        self.called.add(number)
        once = Builder(place.builder.model, subgraphs[number])
        for index, record in enumerate(subgraphs[number].operators):
            self.initialise(Place(once, record, index))

    def initialise(self, place: Place) -> None:
        """One operator of the once-called subgraph."""
        if place.record.op == "VAR_HANDLE":
            self.handle(place)
        elif place.record.op == "ASSIGN_VARIABLE" and place.is_constant(1):
            place.expect((2, 2), outputs=0)
            value = place.x(1)
            assert value.data is not None
            name = self.of(place)
            self.see(place, name, value.type)
            self.initial[name] = value.data
        else:
            raise CannotDecode(
                f"the subgraph that it calls computes a {place.record.op}; "
                "only constants may be assigned to variables"
            )

    def states(self, used: Iterable[str]) -> tuple[State, ...]:
        """The states that nodes name, in the order in which they were met."""
        wanted = set(used)
        return tuple(
            State(name=name, type=kind, initial=self.initial.get(name, at_rest(kind)))
            for name, kind in self.types.items()
            if name in wanted
        )


def at_rest(kind: TensorType) -> Array:
    """Real zero in every element."""
    zero = kind.zero_point if kind.quantization is not None and not kind.quantization.per_channel else 0
    return np.full(kind.shape, zero, kind.dtype.numpy)
