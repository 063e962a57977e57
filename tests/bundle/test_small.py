"""Several small networks in one image, built, linked and run: totals, turns, budgets, what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from netsuke import BuildOptions, NetsukeError, build_together
from netsuke.bench.network_builder import Builder
from netsuke.bench.networks import Block, network
from netsuke.boards import Board
from netsuke.boards import board as find_board
from netsuke.bundle import build_bundle
from netsuke.emulate import read_image
from netsuke.errors import BoardError, DoesNotFit, InputError, UnsupportedModel
from netsuke.ir import Graph
from netsuke.pipeline import build
from netsuke.prove import Target
from netsuke.prove.turns import compared
from netsuke.report.bundle import BundleResult
from tests.cli.models import tall_chain, write_two_pools
from tests.codegen.nets import cnn, stream

BOARD = "nucleo-l4r5zi"
ONE = BuildOptions(runs=2, targets=(Target.EMULATOR,))


def image_of(result: BundleResult) -> Path:
    return result.project / "build" / "models.elf"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> BundleResult:
    out = tmp_path_factory.mktemp("three") / "out"
    models = [tall_chain(), stream(), cnn()]
    return build_bundle(models, board=BOARD, out=out, options=BuildOptions(runs=4))


def test_every_model_is_exact_by_itself_and_in_turn(three: BundleResult) -> None:
    assert three.exact, three.first_difference
    assert [m.model for m in three.models] == ["chain", "stream", "cnn"]
    assert all(m.exact and m.ran_on == ("host", "emulated cortex-m4") for m in three.models)
    assert three.turns_on == ("host", "emulated cortex-m4")
    assert three.inputs_compared == 12


def test_the_arena_is_planned_linked_and_touched_alike(three: BundleResult) -> None:
    """Each model's own touched bytes are held to its plan by its verdict; the largest is the arena."""
    image = read_image(image_of(three))
    assert three.arena_bytes == max(m.arena_bytes for m in three.models) == image.objects["nk_arena"]
    assert three.state_bytes == sum(m.state_bytes for m in three.models) == image.objects["nk_state_stream"]
    assert three.static_bytes == image.ram_bytes - three.arena_bytes - three.state_bytes
    assert three.static_bytes < 16
    stacks = [m.stack_bytes for m in three.models]
    assert three.stack_bytes == max(s for s in stacks if s is not None)
    assert three.ram_bytes == image.ram_bytes + (three.stack_bytes or 0)


def test_rows_are_pushed_into_each_model_in_one_arena(tmp_path: Path) -> None:
    """Each has begin, push_row and finish; the inputs are the test program's, not the models'."""
    blocks = (Block(kernel=3, expand=2, channels=8, stride=1),)
    models = [network(Builder(name=n, seed=1), (24, 12, 3), 8, blocks, 0, 4) for n in ("one", "two")]
    options = replace(ONE, push_rows=True, ram="min", targets=(Target.HOST, Target.EMULATOR))
    result = build_bundle(models, board=BOARD, out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.turns_on == ("host", "emulated cortex-m4")
    whole = build_bundle(models, board=BOARD, out=tmp_path / "whole", options=replace(ONE, ram="min"))
    assert result.arena_bytes < whole.arena_bytes
    assert result.static_bytes < 16
    header = (result.project / "models.h").read_text()
    assert "From one_begin or two_begin to its" in " ".join(header.replace("*", "").split())
    assert "two_push_row(arena, next_row())" in (result.project / "README.md").read_text()


def test_a_model_whose_rows_cannot_be_pushed_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModel, match=r"^stream: "):
        build_bundle(
            [tall_chain(), stream()], board=BOARD, out=tmp_path / "out", options=replace(ONE, push_rows=True)
        )


def test_no_function_is_in_flash_twice(three: BundleResult) -> None:
    image = read_image(image_of(three))
    assert three.flash_bytes == image.flash_bytes
    names = Counter(f.name for f in image.functions if f.name.startswith("nk_"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("goal", ["speed", "size"])
def test_together_they_take_less_flash_than_apart(goal: str, tmp_path: Path) -> None:
    options = replace(ONE, optimize=goal)
    both = build_bundle([tall_chain(), cnn()], board=BOARD, out=tmp_path / "both", options=options)
    apart = [build(m, board=BOARD, out=tmp_path / m.name, options=options) for m in (tall_chain(), cnn())]
    assert both.exact, both.first_difference
    assert both.flash_bytes < sum(one.flash_bytes for one in apart)
    assert both.ram_bytes < sum(one.ram_bytes for one in apart)


def test_the_least_ram_lets_the_smaller_models_be_fast(tmp_path: Path) -> None:
    """Only the model that needs most is squeezed: the arena is as large as it needs all the same."""
    options = replace(ONE, ram="min")
    both = build_bundle([tall_chain(), cnn()], board=BOARD, out=tmp_path / "both", options=options)
    least = build(tall_chain(), board=BOARD, out=tmp_path / "least", options=options)
    fast = build(cnn(), board=BOARD, out=tmp_path / "fast", options=ONE)
    assert both.exact, both.first_difference
    assert both.arena_bytes == least.arena_bytes == both.models[0].arena_bytes
    assert both.models[1].arena_bytes == fast.arena_bytes <= both.arena_bytes


@pytest.mark.parametrize("more", [{"optimize": "ram"}, {"ram": 2000}, {"ram": "min", "optimize": "size"}])
def test_every_mode_is_exact(more: dict[str, str | int], tmp_path: Path) -> None:
    options = replace(ONE, **more)  # type: ignore[arg-type]
    result = build_bundle(
        [stream(), tall_chain(), cnn()], board="nucleo-g0b1re", out=tmp_path / "o", options=options
    )
    assert result.exact, result.first_difference
    if isinstance(more.get("ram"), int):
        assert result.arena_bytes + result.state_bytes <= 2000


def test_a_budget_is_for_the_arena_and_all_states(tmp_path: Path) -> None:
    models = [stream(), stream(), tall_chain()]
    names = ("left", "right", "chain")
    least = build_bundle(
        models, board=BOARD, out=tmp_path / "a", names=names, options=replace(ONE, ram="min")
    )
    taken = least.arena_bytes + least.state_bytes
    assert least.state_bytes == 2 * least.models[0].state_bytes > 0
    same = build_bundle(models, board=BOARD, out=tmp_path / "b", names=names, options=replace(ONE, ram=taken))
    assert same.arena_bytes == least.arena_bytes
    with pytest.raises(
        DoesNotFit, match=f"the budget of {taken - 1:,} bytes leaves .* common arena; chain: "
    ):
        build_bundle(
            models, board=BOARD, out=tmp_path / "c", names=names, options=replace(ONE, ram=taken - 1)
        )
    with pytest.raises(DoesNotFit, match="the states of all models take 32 bytes"):
        build_bundle(models, board=BOARD, out=tmp_path / "c", names=names, options=replace(ONE, ram=8))
    assert not (tmp_path / "c").exists()


def tiny(flash_kib: int, ram_kib: int) -> Board:
    """A board with little memory."""
    made = find_board(BOARD)
    flash, ram = made.flash, made.ram
    return replace(
        made,
        memories=(
            replace(flash, size=flash_kib * 1024, reserved=0),
            replace(ram, size=ram_kib * 1024, reserved=0, parts=()),
        ),
    )


def test_too_much_for_the_boards_flash_says_whose_weights(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit, match=r"flash: the image needs .* too many; .* Weights: chain .*, cnn .*"):
        build_bundle([tall_chain(), cnn()], board=tiny(4, 64), out=tmp_path / "out", options=ONE)
    assert list(tmp_path.iterdir()) == []


def test_too_much_for_the_boards_ram_says_so(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit, match=r"RAM: the image needs .* arenas, of which the largest counts"):
        build_bundle([tall_chain(), cnn()], board=tiny(64, 1), out=tmp_path / "out", options=ONE)


def refused(models: list[Graph | Path], *, names: tuple[str, ...] = (), **more: object) -> NetsukeError:
    """The error that a build ends with before it reads anything big."""
    options = replace(ONE, **more)  # type: ignore[arg-type]
    with pytest.raises(NetsukeError) as raised:
        build_bundle(models, board=BOARD, out=Path("never"), names=names, options=options)
    assert not Path("never").exists()
    return raised.value


def test_what_goes_with_one_model_only_is_refused(tmp_path: Path) -> None:
    two: list[Graph | Path] = [cnn(), stream()]
    assert "got 1 models; two or more" in str(refused([cnn()]))
    assert "2 names for 3 models" in str(refused([*two, tall_chain()], names=("a", "b")))
    assert "give each model another one" in str(refused(two, names=("x", "x")))
    assert "got the name 'x' for 2 models" in str(refused(two, name="x"))
    assert "inputs go with one model" in str(refused(two, inputs=[()]))


def test_a_file_given_twice_is_refused_and_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = write_two_pools(tmp_path)
    twice = refused([path, path.parent / "." / path.name])
    assert isinstance(twice, InputError)
    assert "pools.tflite is given twice" in str(twice)
    other = tmp_path / "v2"
    other.mkdir()
    result = build_together([path, write_two_pools(other)], board=BOARD, out=tmp_path / "o", options=ONE)
    assert [m.model for m in result.models] == ["pools", "pools_2"]
    assert (tmp_path / "o" / "pools_2.h").exists()


def test_an_unknown_board_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BoardError):
        build_together([cnn_model(), cnn_model()], board="nowhere", out=tmp_path / "o")
    with pytest.raises(NetsukeError, match=r"nothing\.tflite"):
        build_together([tmp_path / "nothing.tflite", cnn_model()], board=BOARD, out=tmp_path / "o")


def cnn_model():  # type: ignore[no-untyped-def]
    from netsuke import Model

    return Model(graph=cnn())


def test_a_difference_in_turn_is_told_with_the_models_name(tmp_path: Path) -> None:
    """What makes the tests above able to fail."""
    from netsuke.codegen.bundle import make_bundle
    from netsuke.ops.program import bind
    from netsuke.plan import make_plan
    from netsuke.prove import Case, expected_vectors, random_inputs

    graphs = [cnn(), stream()]
    vectors = [expected_vectors(g, random_inputs(g, 2, 1)) for g in graphs]
    made = make_bundle([make_plan(bind(g)) for g in graphs], prefixes=("cnn", "stream"), vectors=vectors)
    cases = [
        Case(
            project=p,
            folder=tmp_path,
            image=None,
            board=find_board(BOARD),
            vectors=v,
            compiler=None,
            flags="-O2",
        )  # type: ignore[arg-type]
        for p, v in zip(made.models, vectors, strict=True)
    ]
    order = [(0, 0), (1, 0), (0, 1), (1, 1)]
    outputs = [tuple(y.tobytes() for y in vectors[i][n].outputs) for i, n in order]
    assert compared(cases, order, outputs) is None
    outputs[3] = (bytes([outputs[3][0][0] ^ 1]) + outputs[3][0][1:],)
    said = compared(cases, order, outputs)
    assert said is not None
    assert said.startswith("stream, invocation 1, output")


def test_a_state_that_another_model_would_destroy_is_found(tmp_path: Path) -> None:
    """A stateful model that keeps its state in the arena agrees by itself, and not in turn."""
    from netsuke.codegen.bundle import make_bundle
    from netsuke.emulate.interleave import Turn, take_turns_on_host
    from netsuke.ops.program import bind
    from netsuke.plan import make_plan
    from netsuke.prove import expected_vectors, model_io, random_inputs

    graphs = [stream(), tall_chain()]
    vectors = [expected_vectors(g, random_inputs(g, 3, 1)) for g in graphs]
    made = make_bundle([make_plan(bind(g)) for g in graphs], prefixes=("stream", "chain"), vectors=vectors)
    made.write(tmp_path)
    main = tmp_path / "main.c"
    text = main.read_text()
    inside = "nk_arena + MODELS_ARENA_BYTES - 64"
    assert text.count("stream_init(nk_state_stream)") == 1
    assert "stream_step(nk_arena, nk_state_stream" in text
    main.write_text(
        text.replace("stream_init(nk_state_stream)", f"stream_init({inside})").replace(
            "stream_step(nk_arena, nk_state_stream", f"stream_step(nk_arena, {inside}"
        )
    )
    ios = [model_io(project) for project in made.models]
    raw = [[tuple(x.tobytes() for x in v.inputs) for v in some] for some in vectors]
    alone = [Turn(model=0, inputs=raw[0][n]) for n in range(3)]
    mixed = [Turn(model=i, inputs=raw[i][n]) for n in range(3) for i in (0, 1)]
    wanted = [tuple(y.tobytes() for y in v.outputs) for v in vectors[0]]
    sources = [tmp_path / name for name in made.sources]
    run = {
        name: take_turns_on_host(sources, ios, turns, out=tmp_path / name, include=(tmp_path,))
        for name, turns in (("alone", alone), ("mixed", mixed))
    }
    assert run["alone"] == wanted
    assert run["mixed"][0::2] != wanted


def test_helium_boards_are_proved_one_by_one(tmp_path: Path) -> None:
    """The packaged emulator has no such core: the turns are then the host's alone."""
    options = BuildOptions(runs=1, targets=(Target.HOST,))
    result = build_bundle([cnn(), stream()], board="ek-ra8m1", out=tmp_path / "o", options=options)
    assert result.exact, result.first_difference
    assert result.turns_on == ("host",)
    assert result.stack_bytes is None
