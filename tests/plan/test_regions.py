"""Which memories are chosen for a plan: the fastest that holds all, others, or several."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netsuke.boards import Board, Memory, Placement, board, home, parse_wishes
from netsuke.errors import DoesNotFit
from netsuke.ir import DType
from netsuke.ops.add import AddSub
from netsuke.ops.program import bind
from netsuke.plan import Plan, make_plan, placed
from netsuke.plan.regions import STACK_ALLOWANCE, weight_bytes
from tests.codegen.builder import Builder
from tests.models.boards import two_banks


def plan_of(pixels: int) -> Plan:
    """A residual block: two images of `pixels` x 16 bytes, in use at once, and hardly any scratch."""
    b = Builder("block", DType.INT8)
    x = b.input(1, pixels, 1, 16)
    y = b.conv(x, 16, 1, 1)
    (z,) = b.op("add", [x, y], AddSub())
    return make_plan(bind(b.graph(z)))


def chosen(plan: Plan, target: str | Board, place: str | None = None) -> tuple[Plan, Placement]:
    return placed(plan, board(target) if isinstance(target, str) else target, parse_wishes(place))


def names(place: Placement) -> tuple[tuple[str, ...], str, str, str]:
    """Arena, state, stack and weights."""
    return tuple(m.name for m in place.arena), place.state.name, place.stack.name, place.weights.name


@pytest.mark.parametrize("target", ["nucleo-l4r5zi", "nucleo-g0b1re", "esp32-c3", "raspberry-pi-pico"])
def test_one_ram_leaves_no_choice(target: str) -> None:
    plan = plan_of(100)
    assert chosen(plan, target) == (plan, home(board(target)))


@pytest.mark.parametrize(
    ("target", "pixels", "memory"),
    [
        ("nucleo-h7a3zi-q", 100, "DTCM"),
        ("nucleo-h7a3zi-q", 4000, "DTCM"),
        ("nucleo-h7a3zi-q", 10000, "RAM"),
        ("nucleo-f746zg", 100, "DTCM"),
        ("nucleo-f746zg", 4000, "SRAM1"),
        ("nucleo-f746zg", 8500, "RAM"),
        ("ek-ra8m1", 100, "DTCM"),
        ("ek-ra8m1", 5000, "SRAM"),
        ("b-l475e-iot01", 100, "RAM"),
        ("alif-e3", 1000, "DTCM"),
        ("apollo3-blue-evb", 100, "TCM"),
    ],
)
def test_the_fastest_memory_that_holds_all(target: str, pixels: int, memory: str) -> None:
    plan = plan_of(pixels)
    same, place = chosen(plan, target)
    assert same is plan
    assert names(place)[0] == (memory,)
    if place.arena[0].parts and place.arena[0].speed > (0.0, 0.0) and target == "nucleo-f746zg":
        return  # the arena lies in all of it, the fast part too
    # The stack is small: it finds room in the fastest of all.
    assert place.stack.speed == min(one.speed for one in board(target).regions if one.kind.value == "ram")
    assert (place.stack == place.arena[0]) == (place.stack.speed == place.arena[0].speed)
    assert not place.apart


def test_an_arena_that_fills_its_memory_leaves_the_stack_to_another() -> None:
    """Of 96 KiB, 98,300 bytes: SRAM2 takes the stack."""
    plan = replace(plan_of(10), arena_bytes=98_300)
    same, place = chosen(plan, "b-l475e-iot01")
    assert same is plan
    assert names(place)[:3] == (("RAM",), "RAM", "SRAM2")


def test_an_arena_that_no_memory_holds_is_split() -> None:
    plan = plan_of(1200)  # 2 x 19,200
    split, place = chosen(plan, two_banks(24, 24))
    assert names(place)[:3] == (("FAST", "SLOW"), "FAST", "FAST")
    assert len(split.parts) == 2
    assert all(nbytes <= 24 * 1024 for nbytes in split.arenas)
    assert split.arenas[0] <= 24 * 1024 - STACK_ALLOWANCE
    assert [part.memory for part in split.parts] == ["FAST", "SLOW"]
    assert split.moved_bytes > 0


def test_the_fast_memory_is_first_in_any_order_of_names() -> None:
    plan = plan_of(1200)
    for place in ("arena=SLOW+FAST", "arena=FAST+SLOW"):
        split, found = chosen(plan, two_banks(24, 24), place)
        assert names(found)[0] == ("FAST", "SLOW")
        assert len(split.parts) == 2


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("arena=SRAM1", (("SRAM1",), "DTCM", "DTCM", "FLASH")),
        ("stack=SRAM2", (("DTCM",), "DTCM", "SRAM2", "FLASH")),
        ("weights=DTCM", (("DTCM",), "DTCM", "DTCM", "DTCM")),
        ("arena=ITCM", (("ITCM",), "ITCM", "ITCM", "FLASH")),
        ("arena=RAM,stack=RAM,state=RAM", (("RAM",), "RAM", "RAM", "FLASH")),
    ],
)
def test_what_is_named_is_taken_and_the_rest_is_fast(place: str, wanted: tuple[object, ...]) -> None:
    _, found = chosen(plan_of(100), "nucleo-f746zg", place)
    assert names(found)[0] == wanted[0]
    assert names(found)[2:] == wanted[2:]


def test_weights_that_are_named_take_room_from_the_arena() -> None:
    """A layer's weights, and the arena beside them."""
    plan = plan_of(100)
    assert 512 <= weight_bytes(plan) < 4096
    tight = two_banks(8, 24)
    _, place = chosen(plan_of(200), tight, "weights=FAST")
    assert names(place) == (("SLOW",), "SLOW", "FAST", "FAST") or names(place)[0] == ("SLOW",)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "arena=FAST",
            r"arena: 38,\d+ bytes do not fit into FAST of two-banks, which has 24,576 .*: 13,\d+ bytes too",
        ),
        ("arena=FAST,stack=FAST", r"which has 23,552 for it: 14,\d+ bytes too many"),
        ("arena=FAST+SLOW,weights=FAST", r"bytes too many|cannot be divided"),
    ],
)
def test_too_small_is_said_by_how_many_bytes(place: str, said: str) -> None:
    target = two_banks(24, 24) if "weights" not in place else two_banks(19, 19)
    with pytest.raises(DoesNotFit, match=said):
        chosen(plan_of(1200), target, place)


def test_memory_outside_the_chip_is_used_only_when_it_is_named() -> None:
    plan = plan_of(12_000)  # 384,000 bytes, more than all RAM of the chip
    with pytest.raises(DoesNotFit):
        chosen(plan, "stm32f746g-disco")
    same, place = chosen(plan, "stm32f746g-disco", "arena=SDRAM")
    assert same is plan
    assert names(place)[:3] == (("SDRAM",), "SDRAM", "DTCM") or names(place)[2] == "DTCM"


def test_no_two_memories_that_are_chosen_share_bytes() -> None:
    places = [
        None,
        "arena=SRAM1",
        "stack=RAM",
        "weights=SRAM2",
        "arena=DTCM+SRAM2",
        "weights=QSPI,state=SRAM1",
    ]
    for place in places:
        for pixels in (100, 1500, 3900):
            try:
                _, found = chosen(plan_of(pixels), "stm32f746g-disco", place)
            except DoesNotFit:
                continue
            for one in found.memories:
                for other in found.memories:
                    assert one == other or disjoint(one, other), (place, pixels)


def disjoint(one: Memory, other: Memory) -> bool:
    return one.end <= other.origin or other.end <= one.origin
