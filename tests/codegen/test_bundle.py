"""The C of several models in one image: clean, formatted, its names apart, each kernel once, vectors in turn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netsuke.codegen.bundle import Bundle, make_bundle, make_prefixes
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import Plan, make_plan
from netsuke.prove import expected_vectors, random_inputs
from tests.codegen.build import STRICT, compiler, run, sanitizers
from tests.codegen.nets import HOSTILE, NETS
from tests.codegen.test_style import formatted

GROUPS = (
    ("cnn", "stream"),
    ("stream", "hostile", "stream_f32"),
    ("cnn", "cnn_f32", "int16", "stream", "ports"),
    ("constants", "colliding", "copy"),
)


def bundle(nets: tuple[str, ...], names: tuple[str, ...] = (), runs: int = 3) -> Bundle:
    """The networks together, with test vectors."""
    graphs = [NETS[net]() for net in nets]
    vectors = [expected_vectors(graph, random_inputs(graph, runs, seed=1)) for graph in graphs]
    plans = [make_plan(bind(lower(graph).graph)) for graph in graphs]
    return make_bundle(plans, prefixes=make_prefixes(names or [g.name for g in graphs]), vectors=vectors)


def found(kind: str) -> tuple[str, ...]:
    """The compiler's command; the test is skipped without it."""
    command = compiler(kind)
    if command is None:
        pytest.skip(f"{kind} is not on the PATH")
    return command


@pytest.mark.parametrize("nets", GROUPS, ids="+".join)
@pytest.mark.parametrize("kind", ["gcc", "clang"])
def test_it_compiles_clean_and_the_vectors_agree_in_turn(
    kind: str, nets: tuple[str, ...], tmp_path: Path
) -> None:
    made = bundle(nets)
    made.write(tmp_path)
    flags = [*STRICT, *sanitizers(kind), "-O1", "-DNK_STDIO"]
    run([*found(kind), *flags, *made.sources, "-o", "test"], tmp_path)
    assert run([tmp_path / "test"], tmp_path) == "models: all test vectors agree\n"


def test_a_build_that_compiles_every_c_file_works_too(tmp_path: Path) -> None:
    """As Arduino, STM32CubeIDE and globs in CMake do."""
    made = bundle(("cnn", "stream"))
    made.write(tmp_path)
    every = sorted(name for name in made.files if name.endswith(".c"))
    assert every == ["cnn.c", "main.c", "models.c", "stream.c"]
    run([*found("gcc"), *STRICT, "-DNK_STDIO", *every, "-o", "test"], tmp_path)
    assert run([tmp_path / "test"], tmp_path) == "models: all test vectors agree\n"


def test_wrong_vectors_of_one_model_are_counted(tmp_path: Path) -> None:
    made = bundle(("cnn", "stream"))
    made.write(tmp_path)
    vectors = tmp_path / "test_vectors.h"
    head, outputs = vectors.read_text().split("nk_stream_output_0")
    spoilt = re.sub(r"\{\n {8}(\d+)", "{\n        1 ^ \\1", outputs)
    vectors.write_text(head + "nk_stream_output_0" + spoilt)
    run([*found("gcc"), *STRICT, "-DNK_STDIO", *made.sources, "-o", "test"], tmp_path)
    assert run(["sh", "-c", "./test; echo $?"], tmp_path) == "models: test vectors DIFFER\n3\n"


@pytest.mark.parametrize("nets", GROUPS, ids="+".join)
def test_clang_format_changes_nothing(nets: tuple[str, ...], tmp_path: Path) -> None:
    made = bundle(nets)
    kept = ("main.c", "models.c", "models.h", *(f"{m.api.prefix}.c" for m in made.models))
    texts = {name: made.files[name] for name in kept}
    assert formatted(texts, tmp_path) == texts


def test_the_arena_is_the_largest_and_states_add_up() -> None:
    made = bundle(("cnn", "stream", "stream_f32"))
    assert made.arena_bytes == max(m.plan.arena_bytes for m in made.models)
    assert made.state_bytes == sum(m.plan.state_bytes for m in made.models)
    assert f"#define MODELS_ARENA_BYTES {made.arena_bytes}\n" in made.files["models.h"]
    main = made.files["main.c"]
    assert len(re.findall(r"^_Alignas\(8\) uint8_t nk_arena\[", main, re.M)) == 1
    assert len(re.findall(r"^_Alignas\(8\) uint8_t nk_state_\w+\[", main, re.M)) == 2


def test_every_kernel_is_defined_once() -> None:
    made = bundle(("cnn", "int16", "stream"))
    kernels = made.files["models_kernels.h"]
    defined = re.findall(r"^NK_KERNEL void (nk_\w+)\(", kernels, re.M)
    assert len(defined) == len(set(defined)) > 3
    others = "".join(text for name, text in made.files.items() if name != "models_kernels.h")
    assert "NK_KERNEL void" not in others


def test_an_expanded_kernel_is_called_by_its_shared_copy_from_another_model(tmp_path: Path) -> None:
    """One model compiles the kernel into its layer; the other, and a third, call one copy."""
    plans: list[Plan] = []
    for number in range(3):
        graph = lower(NETS["int16"]()).graph
        dense = next(node.name for node in graph.nodes if node.op == "fully_connected")
        expanded = frozenset([dense]) if number == 0 else frozenset[str]()
        plans.append(make_plan(bind(graph, expanded=expanded)))
    made = make_bundle(plans, prefixes=("a", "b", "c"))
    copies = re.findall(r"^static NK_LAYER void (nk_\w+_shared)\(", made.files["models.c"], re.M)
    assert len(copies) == 1
    assert copies[0] not in made.files["a.c"]
    assert f"{copies[0]}(" in made.files["b.c"]
    assert f"{copies[0]}(" in made.files["c.c"]
    made.write(tmp_path)
    run([*found("gcc"), *STRICT, *made.sources, "-o", "test"], tmp_path)


def test_equal_names_get_numbers() -> None:
    assert make_prefixes(["model", "model", "Model!", "kws"]) == ("model", "model_2", "model_3", "kws")


def test_no_two_files_have_one_name() -> None:
    """`net_weights.h` is net's weights, so that a model of this name is called otherwise."""
    assert make_prefixes(["net", "net_weights"]) == ("net", "net_weights_2")
    assert make_prefixes(["net_kernels", "net"]) == ("net_kernels", "net_2")
    assert make_prefixes(["models", "models"]) == ("models_2", "models_3")


def test_names_from_hell(tmp_path: Path) -> None:
    names = (*HOSTILE, "models", "main", "a", "a_b", "test_vectors", "models_kernels")
    prefixes = make_prefixes(names)
    assert len(set(prefixes)) == len(names)
    made = bundle(("copy",) * len(names), names, runs=1)
    made.write(tmp_path)
    run([*found("gcc"), *STRICT, "-DNK_STDIO", *made.sources, "-o", "test"], tmp_path)
    assert run([tmp_path / "test"], tmp_path) == "models: all test vectors agree\n"


def test_static_names_of_models_are_apart(tmp_path: Path) -> None:
    """Model `net` with a layer `conv_2d`, and model `net_conv` with a layer `2d`: one file, two functions."""
    made = bundle(("cnn", "cnn", "cnn"), ("net", "net_conv_2d", "net_conv"))
    made.write(tmp_path)
    run([*found("gcc"), *STRICT, "-DNK_STDIO", *made.sources, "-o", "test"], tmp_path)
    assert run([tmp_path / "test"], tmp_path) == "models: all test vectors agree\n"
    symbols = [layer.symbol for model in made.models for layer in model.layers]
    assert len(symbols) == len(set(symbols))
