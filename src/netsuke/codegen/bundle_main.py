"""`main.c` and `test_vectors.h` of an image of several models: they take turns on the vectors."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.codegen.harness import Vector, table
from netsuke.codegen.header import Api
from netsuke.codegen.style import assigned_call, assignment, call, comment, function


def vectors_text(apis: Sequence[Api], vectors: Sequence[Sequence[Vector]]) -> str:
    """Text of `test_vectors.h`: as many vectors for each model."""
    count = len(vectors[0])
    parts = [
        "#ifndef MODELS_TEST_VECTORS_H\n#define MODELS_TEST_VECTORS_H\n\n#include <stdint.h>\n",
        f"#define NK_VECTORS {count}\n",
    ]
    for api, given in zip(apis, vectors, strict=True):
        parts += [
            table(f"nk_{api.prefix}_input_{i}", [v.inputs[i] for v in given], t.nbytes)
            for i, t in enumerate(api.inputs)
        ]
        parts += [
            table(f"nk_{api.prefix}_output_{i}", [v.outputs[i] for v in given], t.nbytes)
            for i, t in enumerate(api.outputs)
        ]
    return "\n".join([*parts, "#endif /* MODELS_TEST_VECTORS_H */\n"])


def main_text(library: str, apis: Sequence[Api]) -> str:
    """Text of `main.c`."""
    macro = f"{library.upper()}_ARENA_BYTES"
    about = comment(
        "Runs the models in turn on test vectors, all in one arena, and counts the vectors that come out differently: "
        "main returns their number. With NK_NO_VECTORS defined it runs each model once and returns: what is then "
        "linked is what a product needs."
    )
    resets = [f"  bad |= nk_reset_{api.prefix}();" for api in apis if api.stateful]
    once = [
        "  int bad = 0;",
        *resets,
        *(f"  bad |= nk_run_{api.prefix}();" for api in apis),
        "  return bad;",
    ]
    turns = [
        "  int wrong = 0;",
        *(line.replace("bad |=", "wrong +=").replace("();", "() != 0;") for line in resets),
        "  for (int v = 0; v < NK_VECTORS; v++) {",
        *(f"    wrong += test_{api.prefix}(v);" for api in apis),
        "  }",
        f'  NK_PRINT("{library}: ");',
        '  NK_PRINT(wrong == 0 ? "all test vectors agree\\n" : "test vectors DIFFER\\n");',
        "  return wrong;",
    ]
    return "\n".join(
        [
            about,
            HEAD.format(library=library),
            *block("nk_arena", macro),
            "",
            COUNTERS,
            *(model_text(api) for api in apis),
            "#ifdef NK_NO_VECTORS",
            function("int main(", (), once) + "#else",
            *(test_text(api) for api in apis),
            function("int main(", (), turns) + "#endif",
            "",
        ]
    )


HEAD = """#include <stdint.h>
#include <string.h>

#include "{library}.h"

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
"""

COUNTERS = """/* Counters of instructions or cycles start and stop here. */
void bench_begin(void);
NK_NOINLINE void bench_begin(void) { __asm__ volatile("" ::: "memory"); }
void bench_end(void);
NK_NOINLINE void bench_end(void) { __asm__ volatile("nop" ::: "memory"); }
"""


def block(name: str, size: str) -> list[str]:
    """An array of bytes that the runners look for."""
    return [f"extern uint8_t {name}[{size}];", f"_Alignas(8) uint8_t {name}[{size}];"]


def ports(api: Api) -> list[tuple[str, str, str, str]]:
    """(C type of a pointer, its name, the address, the macro's stem) of every input, then of every output."""
    inputs = [
        (
            f"const {t.dtype.c} *",
            n,
            f"nk_input_{api.prefix}" if api.pushed else f"nk_arena + {stem}_OFFSET",
            stem,
        )
        for i, (t, n) in enumerate(zip(api.inputs, api.input_names, strict=True))
        for stem in [f"{api.macro}_INPUT_{i}"]
    ]
    outputs = [
        (f"{t.dtype.c} *", n, f"nk_arena + {stem}_OFFSET", stem)
        for i, (t, n) in enumerate(zip(api.outputs, api.output_names, strict=True))
        for stem in [f"{api.macro}_OUTPUT_{i}"]
    ]
    return inputs + outputs


def model_text(api: Api) -> str:
    """A model's state, this program's memory for an input that is pushed, the functions that reset and run it."""
    p = api.prefix
    lines = [*block(f"nk_state_{p}", f"{api.macro}_STATE_BYTES")] if api.stateful else []
    lines += block(f"nk_input_{p}", f"{api.macro}_INPUT_0_BYTES") if api.pushed else []
    if api.stateful:
        body = function(f"int nk_reset_{p}(", (), [f"  return {p}_init(nk_state_{p});"])
        lines += [f"int nk_reset_{p}(void);\n{body}"]
    given = ports(api)
    arguments = ["nk_arena", *([f"nk_state_{p}"] if api.stateful else []), *(name for _, name, _, _ in given)]
    run = [
        *(assignment(f"  {ctype}const {name}", f"({ctype})({at})") for ctype, name, at, _ in given),
        "  bench_begin();",
        assigned_call("  const int result", api.invoke, arguments),
        "  bench_end();",
        "  return result;",
    ]
    return "\n".join([*lines, f"int nk_run_{p}(void);", function(f"NK_NOINLINE int nk_run_{p}(", (), run)])


def test_text(api: Api) -> str:
    """The function that runs a vector: 1 when it comes out differently."""
    p = api.prefix
    given = ports(api)
    inputs, outputs = given[: len(api.inputs)], given[len(api.inputs) :]
    lines = [
        *(
            call("  memcpy(", [at, f"nk_{p}_input_{i}[v]", f"{stem}_BYTES"])
            for i, (_, _, at, stem) in enumerate(inputs)
        ),
        f"  const int failed = nk_run_{p}();",
        *(
            assigned_call(f"  const int wrong{i}", "memcmp", [at, f"nk_{p}_output_{i}[v]", f"{stem}_BYTES"])
            for i, (_, _, at, stem) in enumerate(outputs)
        ),
        f"  return ({' | '.join(['failed', *(f'wrong{i}' for i in range(len(outputs)))])}) != 0;",
    ]
    return function(f"static int test_{p}(", ["int v"], lines)
