"""`main.c` and `test_vectors.h`: a program that runs the model on inputs whose outputs are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.codegen.header import Api
from netsuke.codegen.literals import wrapped
from netsuke.codegen.style import assigned_call, assignment, call, comment, function
from netsuke.ir import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One invocation: input arrays and the reference's output arrays, in the graph's order.

    The vectors of a model with states follow one another: each starts from the state the one before left.
    """

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


def vectors_text(api: Api, vectors: Sequence[Vector]) -> str:
    """Text of `test_vectors.h`: bytes as the target's little-endian memory holds them."""
    guard = f"{api.macro}_TEST_VECTORS_H"
    parts = [
        f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n",
        f"#define NK_VECTORS {len(vectors)}\n",
    ]
    for i in range(len(api.inputs)):
        parts.append(table(f"nk_vector_input_{i}", [v.inputs[i] for v in vectors]))
    for i in range(len(api.outputs)):
        parts.append(table(f"nk_vector_output_{i}", [v.outputs[i] for v in vectors]))
    return "\n".join([*parts, f"#endif /* {guard} */\n"])


def table(name: str, rows: Sequence[Array], empty: int = 1) -> str:
    """One tensor over all vectors; without any there is one row of `empty` bytes."""
    width = rows[0].nbytes if rows else empty
    body = (
        ",\n".join("    {\n" + wrapped((str(b) for b in row.tobytes()), "        ") + "}" for row in rows)
        or "    {0}"
    )
    return f"static const uint8_t {name}[{max(1, len(rows))}][{width}] = {{\n{body}}};\n"


def input_at(api: Api, number: int) -> str:
    """Where the program keeps an input: in the arena, or apart where its rows are pushed."""
    return "nk_input" if api.pushed else api.room("INPUT", number, "nk_")


def input_block(api: Api) -> str:
    """Memory of this program's for an input whose rows are pushed: the model itself needs none."""
    if not api.pushed:
        return ""
    size = f"{api.macro}_INPUT_0_BYTES"
    return f"\nextern uint8_t nk_input[{size}];\n_Alignas(8) uint8_t nk_input[{size}];\n"


def arena_blocks(api: Api) -> str:
    """The arena, or its parts."""
    return "\n".join(
        f"extern uint8_t nk_{name}[{size}];\n_Alignas(8) uint8_t nk_{name}[{size}];\n"
        for name in api.arena_names
        for size in [f"{api.macro}_{name.upper()}_BYTES"]
    )


def main_text(api: Api) -> str:
    """Text of `main.c`."""
    macro = api.macro
    ports = [
        *(
            (f"const {t.dtype.c} *", n, input_at(api, i))
            for i, (t, n) in enumerate(zip(api.inputs, api.input_names, strict=True))
        ),
        *(
            (f"{t.dtype.c} *", n, api.room("OUTPUT", i, "nk_"))
            for i, (t, n) in enumerate(zip(api.outputs, api.output_names, strict=True))
        ),
    ]
    pointers = "\n".join(assignment(f"  {ctype}const {n}", f"({ctype})({at})") for ctype, n, at in ports)
    arguments = [
        *(f"nk_{name}" for name in api.arena_names),
        *(["nk_state"] if api.stateful else []),
        *(n for _, n, _ in ports),
    ]
    rows = input_block(api)
    state = f"\n_Alignas(8) uint8_t nk_state[{macro}_STATE_BYTES];\n" if api.stateful else ""
    reset = function("int nk_reset(", (), [f"  return {api.prefix}_init(nk_state);"])
    reset = f"int nk_reset(void);\n{reset}\n" if api.stateful else ""
    fill = "\n".join(
        call(
            "    memcpy(",
            [input_at(api, i), f"nk_vector_input_{i}[v]", f"{macro}_INPUT_{i}_BYTES"],
        )
        for i in range(len(api.inputs))
    )
    compare = "\n".join(
        call(
            "    bad |= memcmp(",
            [
                api.room("OUTPUT", i, "nk_"),
                f"nk_vector_output_{i}[v]",
                f"{macro}_OUTPUT_{i}_BYTES",
            ],
        )
        for i in range(len(api.outputs))
    )
    start = ["  if (nk_reset() != 0) {", "    return 1;", "  }"] if api.stateful else []
    about = comment(
        f"Runs {api.prefix} on test vectors and counts the ones that come out differently: main returns their "
        "number. With NK_NO_VECTORS defined it runs the model once and returns: what is then linked is what a "
        "product needs."
    )
    return MAIN.format(
        about=about, prefix=api.prefix, arenas=arena_blocks(api), state=state + rows, reset=reset, pointers=pointers,
        call=assigned_call("  const int result", api.invoke, arguments), fill=fill, compare=compare,
        start="".join(f"{line}\n" for line in start), once=function("int main(", (), [*start, "  return nk_run();"]),
    )  # fmt: skip


MAIN = """{about}
#include <stdint.h>
#include <string.h>

#include "{prefix}.h"

#ifndef NK_NO_VECTORS
#include "test_vectors.h"
#endif

#ifdef NK_SEMIHOSTING
void sh_puts(const char *text);
#define NK_PRINT(text) sh_puts(text)
#elif defined(NK_STDIO)
#include <stdio.h>
#define NK_PRINT(text) (void)fputs(text, stdout)
#else
#define NK_PRINT(text) (void)(text)
#endif

#if defined(__GNUC__) || defined(__clang__)
#define NK_NOINLINE __attribute__((noinline))
#else
#define NK_NOINLINE
#endif

{arenas}{state}
/* Counters of instructions or cycles start and stop here. */
void bench_begin(void);
NK_NOINLINE void bench_begin(void) {{ __asm__ volatile("" ::: "memory"); }}
void bench_end(void);
NK_NOINLINE void bench_end(void) {{ __asm__ volatile("nop" ::: "memory"); }}

int nk_run(void);
NK_NOINLINE int nk_run(void) {{
{pointers}
  bench_begin();
{call}
  bench_end();
  return result;
}}

{reset}#ifdef NK_NO_VECTORS
{once}#else
int main(void) {{
  int wrong = 0;
{start}  for (int v = 0; v < NK_VECTORS; v++) {{
    int bad = 0;
{fill}
    bad |= nk_run();
{compare}
    wrong += bad != 0;
  }}
  NK_PRINT("{prefix}: ");
  NK_PRINT(wrong == 0 ? "all test vectors agree\\n" : "test vectors DIFFER\\n");
  return wrong;
}}
#endif
"""
