"""`trace.c`: the model stopped after any layer, to find the first one that differs. Made only when a proof fails."""

from __future__ import annotations

from netsuke.codegen.harness import input_at, input_block
from netsuke.codegen.header import Api
from netsuke.codegen.project import Project
from netsuke.plan import Space


def trace_text(project: Project) -> str:
    """Defines nk_arena, nk_state and `int nk_trace(int layers)`, which runs the first `layers` layers."""
    api = project.api
    state = f"_Alignas(8) uint8_t nk_state[{api.macro}_STATE_BYTES];\n" if api.stateful else ""
    reset = f"NK_LAYER int nk_reset(void) {{ return {api.prefix}_init(nk_state); }}\n" if api.stateful else ""
    start = "nk_reset() + " if api.stateful else ""
    spaces = {space for layer in project.layers for space in layer.spaces}
    locals_ = [
        *(["  uint8_t *const a = nk_arena;"] if Space.ARENA in spaces else []),
        *(["  uint8_t *const s = nk_state;"] if Space.STATE in spaces else []),
        *pointers(api),
    ]
    steps = [f"  if (layers > {i}) {{\n{layer.call}\n  }}" for i, layer in enumerate(project.layers)]
    return "\n".join(
        [
            f'#include "{project.source}"',
            "",
            f"_Alignas(8) uint8_t nk_arena[{api.macro}_ARENA_BYTES];",
            input_block(api),
            state + (f"int nk_reset(void);\n{reset}" if api.stateful else ""),
            "int nk_trace(int layers);",
            "NK_LAYER int nk_trace(int layers) {",
            *locals_,
            *steps,
            "  return 0;",
            "}",
            "int main(void) {",
            "  volatile int layers = 0;",
            f"  return {start}nk_trace(layers);",
            "}",
            "",
        ]
    )


def pointers(api: Api) -> list[str]:
    """Inputs and outputs inside the arena."""
    ports = [
        *((f"in{i}", "const ", t.dtype.c, input_at(api, i)) for i, t in enumerate(api.inputs)),
        *(
            (f"out{i}", "", t.dtype.c, f"nk_arena + {api.macro}_OUTPUT_{i}_OFFSET")
            for i, t in enumerate(api.outputs)
        ),
    ]
    return [
        f"  {const}{ctype} *const {name} = ({const}{ctype} *)({at});\n  (void){name};"
        for name, const, ctype, at in ports
    ]
