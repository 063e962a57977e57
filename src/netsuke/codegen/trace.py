"""`trace.c`: the model stopped after any layer, to find the first one that differs. Made only when a proof fails."""

from __future__ import annotations

from netsuke.codegen.harness import input_at, input_block
from netsuke.codegen.header import Api
from netsuke.codegen.project import Project
from netsuke.codegen.source import arena_locals
from netsuke.plan import Space


def trace_text(project: Project) -> str:
    """Defines nk_arena, nk_state and `int nk_trace(int layers)`, which runs the first `layers` layers."""
    api = project.api
    state = f"_Alignas(8) uint8_t nk_state[{api.macro}_STATE_BYTES];\n" if api.stateful else ""
    reset = f"NK_LAYER int nk_reset(void) {{ return {api.prefix}_init(nk_state); }}\n" if api.stateful else ""
    start = "nk_reset() + " if api.stateful else ""
    spaces = {space for layer in project.layers for space in layer.spaces}
    calls = [layer.call for layer in project.layers]
    locals_ = [
        *(line.replace("= arena", "= nk_arena") for line in arena_locals(api, calls)),
        *(["  uint8_t *const s = nk_state;"] if Space.STATE in spaces else []),
        *pointers(api),
    ]
    steps = [f"  if (layers > {i}) {{\n{layer.call}\n  }}" for i, layer in enumerate(project.layers)]
    return "\n".join(
        [
            f'#include "{project.source}"',
            "",
            *(
                f"_Alignas(8) uint8_t nk_{name}[{api.macro}_{name.upper()}_BYTES];"
                for name in api.arena_names
            ),
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
        *((f"out{i}", "", t.dtype.c, api.room("OUTPUT", i, "nk_")) for i, t in enumerate(api.outputs)),
    ]
    return [
        f"  {const}{ctype} *const {name} = ({const}{ctype} *)({at});\n  (void){name};"
        for name, const, ctype, at in ports
    ]
