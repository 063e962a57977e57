"""Several memories: what is planned for each is what is linked and touched there, and the bytes are exact.

Two witnesses: the watched run that every build ends with, and memory painted with two patterns here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from netsuke import pipeline
from netsuke.boards import Board, board, home
from netsuke.emulate import Machine, build_image, find_qemu
from netsuke.emulate.run import arena_ranges, run_one
from netsuke.emulate.usage import usage
from netsuke.errors import DoesNotFit, InputError
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Case, Target, Verdict, prove
from netsuke.prove.verdict import raw_inputs
from netsuke.report import BuildResult
from tests.models.boards import two_banks
from tests.models.places import mlperf, wake_word

ONE = BuildOptions(runs=1, targets=(Target.EMULATOR,))
PATTERNS = (0x5A, 0xA5)
KWS, IC = "kws_ref_model", "pretrainedResnet_quant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A build, what was proved of it, and its image."""

    result: BuildResult
    case: Case
    verdict: Verdict

    @property
    def names(self) -> tuple[str, ...]:
        """The arena's memories."""
        assert self.case.placement is not None
        return tuple(one.name for one in self.case.placement.arena)

    def held(self, memory: str) -> dict[str, int]:
        """What the report says that a memory holds."""
        return next((dict(one.held) for one in self.result.regions if one.name == memory), {})

    def waits(self, memory: str) -> int:
        """Cycles waited for it."""
        (found,) = (one.wait_cycles for one in self.result.regions if one.name == memory)
        assert found is not None
        return found


def built(
    model: Path, target: str | Board, options: BuildOptions, out: Path, patch: pytest.MonkeyPatch
) -> Built:
    seen: list[tuple[Case, Verdict]] = []

    def spy(case: Case, targets: tuple[Target, ...], progress: pipeline.Progress) -> Verdict:
        verdict = prove(case, targets, progress)  # type: ignore[arg-type]
        seen.append((case, verdict))
        return verdict

    patch.setattr(pipeline, "prove", spy)
    result = build(model, board=target, out=out, options=options)
    ((case, verdict),) = seen
    return Built(result=result, case=case, verdict=verdict)


def painted(case: Case) -> list[int]:
    """Bytes of each part of the arena that a run changes, seen from its start."""
    ranges = arena_ranges(case.image, case.io)
    (given,) = raw_inputs(case.vectors)
    touched = [0] * len(ranges)
    for pattern in PATTERNS:
        with Machine(case.image, case.board) as machine:
            for start, end in ranges:
                machine.write(start, bytes([pattern]) * (end - start))
            outputs = run_one(machine, case.io, given, reset=True)
            assert outputs == tuple(y.tobytes() for y in case.vectors[0].outputs)
            for i, (start, end) in enumerate(ranges):
                left = machine.read(start, end - start).rstrip(bytes([pattern]))
                touched[i] = max(touched[i], len(left))
    return touched


def hold(made: Built) -> None:
    """The contract, memory by memory."""
    assert made.result.exact, made.result.first_difference
    run, plan, placement = made.verdict.measured, made.case.project.plan, made.case.placement
    assert run is not None
    assert placement is not None
    assert run.stray_writes == ()
    assert run.arenas == tuple((nbytes, nbytes) for nbytes in plan.arenas)
    assert sum(plan.arenas) == plan.arena_bytes == made.result.arena_bytes
    for number, (start, end) in enumerate(arena_ranges(made.case.image, made.case.io)):
        memory, nbytes = placement.arena[number], plan.arenas[number]
        assert end - start == nbytes == max(b.end for b in plan.buffers if b.arena == number)
        assert memory.start <= start < end <= memory.end
    for nbytes, touched in zip(plan.arenas, painted(made.case), strict=True):
        # Four bytes at most pad the last word.
        assert nbytes - 4 < touched <= nbytes
    for use, told in zip(
        usage(made.case.image, placement, run.stack_bytes), made.result.regions, strict=True
    ):
        assert (use.memory.name, use.nbytes, use.held) == (told.name, told.used, told.held)
        assert 0 < told.used <= told.size
        assert sum(nbytes for _, nbytes in use.held) <= use.nbytes <= sum(n for _, n in use.held) + 64
    # The stack, the arena and all else that changes is somewhere.
    rams = sum(sum(n for _, n in one.held) for one in made.result.regions if one.kind == "ram")
    assert made.result.ram_bytes - 64 <= rams <= made.result.ram_bytes


@pytest.mark.parametrize(
    ("name", "fast", "slow", "mode"),
    [
        (IC, 24, 24, {}),
        (IC, 20, 30, {}),
        (IC, 20, 20, {"ram": "20k"}),
        (KWS, 7, 9, {}),
        (KWS, 4, 9, {"optimize": "size"}),
    ],
)
def test_an_arena_split_over_two_memories(
    name: str,
    fast: int,
    slow: int,
    mode: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = replace(ONE, **mode)  # type: ignore[arg-type]
    made = built(mlperf(name), two_banks(fast, slow), options, tmp_path / "out", monkeypatch)
    hold(made)
    if not mode:
        assert made.names == ("FAST", "SLOW")
        assert made.result.goals == ()
        # Less of it is waited for than if all accesses went there.
        assert made.waits("SLOW") > 0


def test_ic_does_not_fit_one_of_its_two_memories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """34,560 bytes in two of 24 KiB, on the host, too."""
    options = replace(ONE, targets=(Target.HOST, Target.EMULATOR))
    made = built(mlperf(IC), two_banks(24, 24), options, tmp_path / "out", monkeypatch)
    hold(made)
    assert made.result.arena_bytes > 24 * 1024 > max(made.result.arenas)


@pytest.mark.parametrize("place", ["arena=DTCM+SRAM2", "arena=SRAM2+DTCM,stack=SRAM1"])
def test_two_memories_of_a_real_board(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it fits the first: it is not split."""
    options = replace(ONE, place=place)
    made = built(mlperf(IC), "nucleo-f746zg", options, tmp_path / "out", monkeypatch)
    hold(made)
    assert made.names == ("DTCM",)


def test_pushed_rows_into_a_split_arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(ONE, push_rows=True, targets=(Target.HOST, Target.EMULATOR))
    made = built(mlperf(KWS), two_banks(9, 2), options, tmp_path / "out", monkeypatch)
    assert made.result.exact, made.result.first_difference
    hold(made)


@pytest.mark.parametrize("place", ["arena=SLOW,state=FAST", "arena=FAST,state=SLOW,stack=SLOW"])
def test_states_apart(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(ONE, place=place)
    made = built(wake_word("okay_nabu"), two_banks(16, 16), options, tmp_path / "out", monkeypatch)
    hold(made)
    where = "FAST" if place.startswith("arena=SLOW") else "SLOW"
    assert made.held(where)["state"] == made.result.state_bytes > 0


def test_the_fastest_memory_that_holds_all_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DTCM of an H7, though its first RAM is another."""
    made = built(mlperf(KWS), "nucleo-h7a3zi-q", ONE, tmp_path / "out", monkeypatch)
    hold(made)
    assert made.names == ("DTCM",)
    assert made.result.ram_available == 131_072
    assert made.waits("DTCM") == 0
    assert made.waits("FLASH") > 0
    assert sum(layer.wait_cycles or 0 for layer in made.result.layers) <= (made.result.wait_cycles or 0)


def test_weights_copied_to_ram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(ONE, place="weights=DTCM,arena=SRAM1")
    made = built(mlperf(KWS), "nucleo-f746zg", options, tmp_path / "out", monkeypatch)
    hold(made)
    weights = made.held("DTCM")["weights"]
    assert weights == made.held("FLASH")["weights to copy"]
    assert 0 <= weights - made.result.flash_weights_bytes < 256  # alignment of the arrays
    assert made.result.ram_bytes > weights + made.result.arena_bytes
    assert made.waits("SRAM1") > 0 == made.waits("DTCM")


def test_weights_in_external_flash_are_said_with_their_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(ONE, place="weights=QSPI")
    made = built(mlperf(KWS), "stm32f746g-disco", options, tmp_path / "out", monkeypatch)
    hold(made)
    inside = built(mlperf(KWS), "stm32f746g-disco", ONE, tmp_path / "inside", monkeypatch)
    assert made.result.cycles == inside.result.cycles
    assert made.waits("QSPI") > 5 * inside.waits("FLASH") > 0
    assert made.result.flash_available == (1 + 16) << 20
    (row,) = (one for one in made.result.regions if one.name == "QSPI")
    assert row.external
    assert row.model
    assert "weights" in dict(row.held)
    # Every weight byte is read at least once, and every line that comes is paid for.
    assert row.read_bytes is not None
    assert row.read_bytes >= made.result.flash_weights_bytes - 64
    assert made.waits("QSPI") >= 176 * (made.result.flash_weights_bytes - 64) // 32


def test_a_board_of_one_ram_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = built(mlperf(KWS), "nucleo-l4r5zi", ONE, tmp_path / "out", monkeypatch)
    hold(made)
    assert made.case.placement == home(board("nucleo-l4r5zi"))
    assert made.result.ram_available == 655_360


@pytest.mark.parametrize(
    ("target", "place", "error", "said"),
    [
        (
            "nucleo-f746zg",
            "arena=SRAM2",
            DoesNotFit,
            r"18,176 bytes too many|do not fit into SRAM2 .* 16,384 for it",
        ),
        ("nucleo-f746zg", "weights=ITCM", DoesNotFit, "weights: .* do not fit into ITCM"),
        ("nucleo-f746zg", "arena=SRAM3", InputError, "has no memory 'SRAM3'; it has FLASH"),
        ("nucleo-f746zg", "arena=FLASH", InputError, "arena needs RAM"),
        ("nucleo-f746zg", "arena=RAM,state=DTCM", InputError, "share bytes"),
    ],
)
def test_what_cannot_be_is_said(
    target: str, place: str, error: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        build(mlperf(IC), board=target, out=tmp_path / "out", options=replace(ONE, place=place))
    assert not (tmp_path / "out").exists()


def test_too_little_in_all_memories_together(tmp_path: Path) -> None:
    with pytest.raises(
        DoesNotFit, match=r"at least 34,\d+ bytes .* \(.*FAST .*SLOW .*\): [\d,]+ bytes too many"
    ):
        build(mlperf(IC), board=two_banks(16, 16), out=tmp_path / "out", options=ONE)
    with pytest.raises(DoesNotFit, match=r"cannot be divided among .* takes 36,864"):
        build(mlperf("vww_96_int8"), board=two_banks(24, 24), out=tmp_path / "out", options=ONE)


def test_a_split_arena_on_a_core_that_only_qemu_emulates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_qemu() is None:
        pytest.skip("qemu-system-arm is not on the PATH")
    made = built(mlperf(KWS), two_banks(7, 9, cpu="cortex-m55"), ONE, tmp_path / "out", monkeypatch)
    assert made.result.exact, made.result.first_difference
    run = made.verdict.measured
    assert run is not None
    assert len(run.arenas) == 2
    assert run.arenas == tuple((nbytes, nbytes) for nbytes in made.case.project.plan.arenas)
    # Accesses are not counted there: nothing is said, rather than 0.
    assert made.result.wait_cycles is None


def test_start_up_code_copies_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From reset, on a machine whose RAM does not have them yet."""
    options = replace(ONE, place="weights=RAM,arena=DTCM")
    made = built(mlperf("ad01_int8"), "nucleo-h7a3zi-q", options, tmp_path / "out", monkeypatch)
    case = made.case
    image = build_image(
        [tmp_path / "out" / name for name in case.project.sources],
        board=case.board,
        out=tmp_path / "vectors.elf",
        include=(tmp_path / "out",),
        defines={"NK_SEMIHOSTING": ""},
        placement=case.placement,
    )
    start, end = image.symbol("nk_weights_start"), image.symbol("nk_weights_end")
    for erased, wrong in (("nk_weights_start", 0), ("nk_weights_load", 1)):
        with Machine(image, case.board, limit=50_000_000) as machine:
            machine.write(start, bytes(end - start))
            machine.write(image.symbol(erased), bytes(end - start))
            # The number of test vectors that come out differently.
            assert machine.run_main() == wrong
