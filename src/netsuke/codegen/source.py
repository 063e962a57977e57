"""`<name>.c`, `<name>_weights.h` and `<name>_kernels.h`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netsuke.boards import Placement
from netsuke.codegen.amalgamate import amalgamate
from netsuke.codegen.call_rows import MACRO, CallRows, call_rows
from netsuke.codegen.expansion import expanded_kernels, shared_functions
from netsuke.codegen.header import Api, arena_parameters, finish_parameters, parameters, push_parameters
from netsuke.codegen.layers import Layer, arena_name, make_layer
from netsuke.codegen.literals import array
from netsuke.codegen.names import LIBRARY_NAMES, Names, identifier
from netsuke.codegen.patch_layers import make_patch_layer
from netsuke.codegen.stream_layers import make_stream_layer
from netsuke.codegen.style import call, comment, function
from netsuke.ir import Graph
from netsuke.ops.kernel import Input
from netsuke.ops.program import Step
from netsuke.plan import Plan, Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Text of the three files, and the layers in order of execution."""

    source: str
    weights: str
    kernels: str
    layers: tuple[Layer, ...]


def make_sources(plan: Plan, api: Api, placement: Placement | None = None) -> Sources:
    """Writes the model as C; `placement` says whether its weights are to lie apart."""
    rows = call_rows([plan])
    layers, weights = make_layers(plan, api, Names(reserved_names(plan, api)), rows)
    return Sources(
        source=source_text(plan, api, layers, rows),
        weights=weights if placement is None or not placement.apart else weights_apart(weights, api),
        kernels=kernels_text([plan], f"{api.prefix.upper()}_KERNELS_H", rows),
        layers=layers,
    )


def reserved_names(plan: Plan, api: Api) -> set[str]:
    """Names that no layer or constant may have."""
    states = range(len(plan.program.graph.states))
    return {*LIBRARY_NAMES, *public_names(api), *(state_symbol(api, i) for i in states)}


def make_layers(
    plan: Plan, api: Api, names: Names, rows: Mapping[str, CallRows]
) -> tuple[tuple[Layer, ...], str]:
    """The layers in order of execution, and the text of `<name>_weights.h`."""
    prefix = api.prefix
    graph = plan.program.graph
    # Functions first: they keep their layers' names when a constant would have the same one.
    symbols = [names.fresh(f"{prefix}_{identifier(step.node.name)}") for step in plan.steps]
    direct = direct_constants(plan)
    values = {t: names.fresh(f"{prefix}_{identifier(t)}_value") for t in direct}
    layers = tuple(
        written_layer(plan, step, symbol, values, names, prefix, rows)
        for step, symbol in zip(plan.steps, symbols, strict=True)
    )
    shared = [array(values[t], graph.tensors[t].data, "") for t in direct]  # type: ignore[arg-type]
    constants = [*shared, *initial_values(graph, api), *(x.constants for x in layers if x.constants)]
    return layers, weights_text(api, constants)


def kernels_text(plans: Sequence[Plan], guard: str, rows: Mapping[str, CallRows]) -> str:
    """Text of `<name>_kernels.h`: what all models of an image use, each kernel once."""
    steps = [step for plan in plans for step in plan.steps]
    return amalgamate(
        (call.kernel for step in steps for call in step.every_call),
        guard,
        fused_headers(steps),
        frozenset().union(*(expanded_kernels(plan.program) for plan in plans)),
        "\n".join([MACRO, *(one.text() for one in rows.values())]) if rows else "",
    )


def written_layer(
    plan: Plan,
    step: Step,
    symbol: str,
    values: Mapping[str, str],
    names: Names,
    prefix: str,
    rows: Mapping[str, CallRows],
) -> Layer:
    """A layer, a stream or patches: see `make_layer`."""
    if step.stream is not None:
        return make_stream_layer(plan, step, symbol, values, names, prefix)
    if step.patches is not None:
        return make_patch_layer(plan, step, symbol, values, names, prefix)
    return make_layer(plan, step, symbol, values, names, rows)


def fused_headers(steps: Sequence[Step]) -> tuple[str, ...]:
    """The support headers of streams and patches."""
    streams = any(step.stream is not None for step in steps)
    patches = any(step.patches is not None for step in steps)
    return (*(["nk_stream.h"] if streams else []), *(["nk_tile.h"] if patches else []))


def public_names(api: Api) -> tuple[str, ...]:
    """The functions of the header."""
    return tuple(f"{api.prefix}_{verb}" for verb in ("invoke", "init", "step", "begin", "push_row", "finish"))


def direct_constants(plan: Plan) -> list[str]:
    """Constant tensors that kernels read as they are, in order of use."""
    graph = plan.program.graph
    return list(
        dict.fromkeys(
            node.inputs[p.index]
            for step in plan.steps
            for node, call in step.calls_by_node
            for p in call.pointers
            if isinstance(p, Input) and graph.tensors[node.inputs[p.index]].is_constant
        )
    )


def state_symbol(api: Api, number: int) -> str:
    """C name of a state's initial value."""
    return f"{api.prefix}_state_{number}_initial"


def initial_values(graph: Graph, api: Api) -> list[str]:
    """Initial values of the states, those that are not all zero bytes."""
    return [
        array(state_symbol(api, i), state.initial, "initial value of a state")
        for i, state in enumerate(graph.states)
        if state.initial.tobytes().strip(b"\0")
    ]


def weights_text(api: Api, definitions: list[str]) -> str:
    """Text of `<name>_weights.h`."""
    guard = f"{api.prefix.upper()}_WEIGHTS_H"
    body = "\n".join(definitions)
    return f'#ifndef {guard}\n#define {guard}\n\n#include "{api.kernels_header}"\n\n{body}\n#endif\n'


def weights_apart(text: str, api: Api) -> str:
    """`<name>_weights.h` whose arrays are in a section of their own, which a linker script may put anywhere."""
    macro = f"{api.macro}_WEIGHTS"
    about = comment(
        f"The linker script puts section .nk_weights.{api.prefix} into the memory that is meant for the weights; see "
        f"README.md. Defined before this file is included, {macro} is what you make it."
    )
    attribute = f'__attribute__((section(".nk_weights.{api.prefix}")))'
    lines = [
        f"{about}\n#ifndef {macro}",
        f"#ifdef __ELF__\n#define {macro} {attribute}\n#else\n#define {macro}\n#endif\n#endif\n",
    ]
    head = f'#include "{api.kernels_header}"\n\n'
    return ARRAY.sub(f"static const {macro} ", text.replace(head, head + "\n".join(lines) + "\n", 1))


ARRAY = re.compile(r"^static const (?=(?:u?int\d+_t|float) )", re.MULTILINE)
"""The start of an array's definition; argument structs stay where constants are."""


def source_text(plan: Plan, api: Api, layers: tuple[Layer, ...], rows: Mapping[str, CallRows]) -> str:
    """Text of `<name>.c`."""
    own = "\n".join(f'#include "{name}"' for name in sorted((api.kernels_header, f"{api.prefix}_weights.h")))
    parts = [
        f'#include "{api.prefix}.h"\n\n#include <stddef.h>\n#include <stdint.h>\n\n{own}\n',
        # Models of one image find these in the file that includes them all.
        *([] if api.library else [LAYER_MACRO, *shared_functions(plan, but=rows)]),
        *(layer.function for layer in layers),
        init_text(plan, api) if plan.state_bytes else "",
        push_text(api, layers) if api.pushed else "",
        invoke_text(plan, api, layers),
    ]
    return "\n".join(part for part in parts if part)


LAYER_MACRO = """/* Each layer stays a function of its own: profiles and stack traces name it. */
#if defined(__GNUC__) || defined(__clang__)
#define NK_LAYER __attribute__((noinline))
#else
#define NK_LAYER
#endif
"""


def init_text(plan: Plan, api: Api) -> str:
    """The function that puts the states to their initial values."""
    lines = [
        "  uint8_t *const s = state;",
        "  if (s == NULL) {",
        f"    return {api.macro}_ERROR_ARGUMENT;",
        "  }",
    ]
    for i, state in enumerate(plan.program.graph.states):
        at = plan.state_offsets[state.name]
        target = f"s + {at}" if at else "s"
        if state.initial.tobytes().strip(b"\0"):
            lines.append(call("  memcpy(", [target, state_symbol(api, i), str(state.type.nbytes)]))
        else:
            lines.append(f"  memset({target}, 0, {state.type.nbytes});")
    return function(f"int {api.prefix}_init(", ["void *state"], [*lines, "  return 0;"])


def push_text(api: Api, layers: tuple[Layer, ...]) -> str:
    """begin, push_row and finish."""
    pushing = layers[0].pushing
    assert pushing is not None
    refuse = [f"    return {api.macro}_ERROR_ARGUMENT;", "  }"]
    arenas = [f"{name} == NULL" for name in api.arena_names]
    begin = [
        *arena_locals(api, [pushing.begin]),
        call("  if (", arenas, ") {", " ||"),
        *refuse,
        pushing.begin,
        "  return 0;",
    ]
    push = [
        *arena_locals(api, [pushing.row, pushing.full]),
        call("  if (", [*arenas, "row == NULL", pushing.full], ") {", " ||"),
        *refuse,
        pushing.row,
        "  return 0;",
    ]
    state = ["  uint8_t *const s = state;"] if api.stateful else []
    pointers = [*(["s"] if api.stateful else []), *api.output_names]
    finish = [
        *arena_locals(api, [pushing.full, *(layer.call for layer in layers[1:])]),
        *state,
        call("  if (", [*arenas, *(f"{p} == NULL" for p in pointers), f"!({pushing.full})"], ") {", " ||"),
        *refuse,
        *(layer.call for layer in layers[1:]),
        "  return 0;",
    ]
    return "\n".join(
        [
            function(f"int {api.prefix}_begin(", arena_parameters(api), begin),
            function(f"int {api.prefix}_push_row(", push_parameters(api), push),
            function(f"int {api.prefix}_finish(", finish_parameters(api), finish),
        ]
    )


def arena_locals(api: Api, statements: Sequence[str]) -> list[str]:
    """Byte pointers to the parts of the arena that statements use."""
    text = "\n".join(statements)
    return [
        f"  uint8_t *const {arena_name(number)} = {name};"
        for number, name in enumerate(api.arena_names)
        if re.search(rf"\b{arena_name(number)}\b", text)
    ]


def invoke_text(plan: Plan, api: Api, layers: tuple[Layer, ...]) -> str:
    """The function that runs the layers in order."""
    pointers = [
        *api.arena_names,
        *(["state"] if plan.state_bytes else []),
        *api.input_names,
        *api.output_names,
    ]
    spaces = {space for layer in layers for space in layer.spaces}
    lines = [
        *arena_locals(api, [layer.call for layer in layers]),
        *(["  uint8_t *const s = state;"] if Space.STATE in spaces else []),
        call("  if (", [f"{p} == NULL" for p in pointers], ") {", " ||"),
        f"    return {api.macro}_ERROR_ARGUMENT;",
        "  }",
        *(layer.call for layer in layers),
        "  return 0;",
    ]
    return function(f"int {api.invoke}(", parameters(api), lines)
