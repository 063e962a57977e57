"""The bench's tables: a core with its models, a model with its layers, netsuke beside its peers."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.bench.measure import Measurement, Session, macs_per_cycle, share_of_bound
from netsuke.bench.models import TASKS
from netsuke.bench.peers import Best, best_peer, engines_on
from netsuke.bench.sheet import CROSS, Sheet
from netsuke.report.words import ABSENT, count, frequency, percent, plural, ratio, shape, shortened

BEHIND = 0.15
"""How much slower than the other compiler's a compiler's image may be."""
HEADINGS = (
    "model",
    "cc",
    "instructions",
    "cycles",
    "c/MAC",
    "bound",
    "behind",
    "arena",
    "stack",
    "RAM",
    "code",
    "weights",
    "best peer",
    "ratio",
    "",
)
LAYER_HEADINGS = (
    "",
    "layer",
    "operator",
    "kernel",
    "output",
    "MACs",
    "instructions",
    "cycles",
    "c/MAC",
    "bound",
)
PEERS_BOARD = "nucleo-l4r5zi"
"""The board that the published figures come from: a Cortex-M4."""
OWN_NAMES = {"zig": "packaged clang", "gcc": "gcc"}
OWN_HOW = "measured: emulated core, the same cycle model; bit-exact"


def million(value: int) -> str:
    """9070000 → '9.07', 486196 → '0.486'."""
    return f"{value / 1e6:.2f}" if value >= 1_000_000 else f"{value / 1e6:.3f}"


def sheets(session: Session, *, layers: bool = False) -> tuple[Sheet, ...]:
    """A table a board, with `layers` one for each build too, and the M4 beside the other engines."""
    boards = dict.fromkeys(one.board for one in session.measurements)
    found: list[Sheet] = []
    for board in boards:
        here = [one for one in session.measurements if one.board == board]
        found.append(board_sheet(here))
        if layers:
            found += [layer_sheet(one) for one in here]
    if any(one.board.name == PEERS_BOARD for one in session.measurements):
        found.append(peers_sheet(session.measurements))
    return tuple(found)


def board_sheet(here: Sequence[Measurement]) -> Sheet:
    """All builds for one board."""
    board = here[0].board
    bound = plural(macs_per_cycle(board.core), "MAC")
    return Sheet(
        title=f"{board.core.name} ({board.name}, {frequency(board.clock_hz)}); bound: {bound} a cycle",
        headings=HEADINGS,
        left=frozenset({"model", "cc"}),
        rows=tuple(board_row(one, behind(one, here)) for one in here),
    )


def behind(one: Measurement, among: Sequence[Measurement]) -> float | None:
    """Cycles over those of the best compiler's image of the model - 1; None when no other compiler built it."""
    cycles = [m.result.cycles for m in among if (m.model, m.board) == (one.model, one.board)]
    known = [c for c in cycles if c]
    return one.result.cycles / min(known) - 1 if one.result.cycles and len(known) > 1 else None


def board_row(one: Measurement, slower: float | None) -> tuple[str, ...]:
    """The cells of one build, in the order of HEADINGS."""
    r, peer = one.result, best_peer(one.board.core.name, one.model)
    return (
        one.model,
        one.compiler,
        count(r.instructions),
        count(r.cycles),
        ratio(r.cycles_per_mac),
        share(one.share_of_bound),
        behind_words(slower),
        count(r.arena_bytes),
        count(r.stack_bytes),
        count(r.ram_bytes),
        count(r.flash_code_bytes),
        count(r.flash_weights_bytes),
        *peer_words(peer, r.cycles, r.instructions),
        "✓" if r.exact else CROSS,
    )


def share(value: float | None) -> str:
    """A share as percent."""
    return ABSENT if value is None else f"{100 * value:.0f} %"


def behind_words(slower: float | None) -> str:
    """'best', '+3.2 %', or with a cross when a compiler is too far behind."""
    if slower is None:
        return ABSENT
    words = f"+{percent(slower, 1)}".replace("+<", "<")
    return "best" if slower == 0 else f"{words}{f' {CROSS}' if slower > BEHIND else ''}"


def peer_words(peer: Best | None, cycles: int | None, instructions: int | None) -> tuple[str, str]:
    """The best peer's figure (million; i: instructions) and netsuke's over it."""
    if peer is None:
        return ABSENT, ABSENT
    own = peer.ratio(cycles, instructions)
    unit = "M" if peer.unit == "cycles" else "Mi"
    return f"{million(peer.value)} {unit}", ABSENT if own is None else f"{own:.2f}"


def layer_sheet(one: Measurement) -> Sheet:
    """Every layer of one build, and what belongs to none."""
    core, rows = one.board.core, []
    for layer in one.result.layers:
        rows.append(
            (
                str(layer.index),
                shortened(layer.name, 24),
                layer.op,
                layer.kernel.removeprefix("nk_"),
                shape(layer.output_shape),
                count(layer.macs),
                count(layer.instructions),
                count(layer.cycles),
                ratio(layer.cycles_per_mac),
                share(share_of_bound(core, layer.macs, layer.cycles)),
            )
        )
    outside = one.result.cycles_outside_layers
    rows.append(("", "(between layers)", "", "", "", "", "", count(outside), "", ""))
    return Sheet(
        title=f"{one.model} on {core.name}, {one.compiler}",
        headings=LAYER_HEADINGS,
        left=frozenset({"layer", "operator", "kernel", "output"}),
        rows=tuple(rows),
    )


def peers_sheet(measurements: Sequence[Measurement]) -> Sheet:
    """Million cycles on the Cortex-M4: a line an engine, netsuke's last, how it was obtained at the end."""
    here = [one for one in measurements if one.board.name == PEERS_BOARD]
    rows = [
        (
            engine.name,
            *(
                million(engine.cycles[t]) if t in engine.cycles else engine.words.get(t, ABSENT)
                for t in TASKS
            ),
            f"{engine.how}{'; bit-exact' if engine.exact else ''}",
        )
        for engine in engines_on("cortex-m4")
    ]
    theirs = len(rows)
    for compiler in dict.fromkeys(one.compiler for one in here):
        own = {one.model: one.result for one in here if one.compiler == compiler}
        cells = [own_cell(own[t].cycles, exact=own[t].exact) if t in own else ABSENT for t in TASKS]
        rows.append((f"netsuke, {OWN_NAMES[compiler]}", *cells, OWN_HOW))
    return Sheet(
        title="Million cycles on a Cortex-M4",
        headings=("engine", *TASKS, "how"),
        left=frozenset({"engine", "how"}),
        rows=tuple(rows),
        strong=frozenset(range(theirs, len(rows))),
    )


def own_cell(cycles: int | None, *, exact: bool) -> str:
    """netsuke's figure; a cross when its bytes were wrong."""
    return ABSENT if cycles is None else f"{million(cycles)}{'' if exact else f' {CROSS}'}"


def notes(session: Session) -> tuple[str, ...]:
    """What a reader of the tables must know, and what is missing from them."""
    gaps = [
        f"{one.model} on {one.board.core.name}: {one.compiler} is {percent(slower, 1)} behind the other compiler"
        for one in session.measurements
        if (slower := behind(one, session.measurements)) is not None and slower > BEHIND
    ]
    wrong = [
        f"{CROSS} {one.model} {one.board.name} {one.compiler}: {one.result.first_difference}"
        for one in session.measurements
        if not one.result.exact
    ]
    return (
        "MACs are those that are executed (exactly removable channels are gone); a Winograd layer may pass its bound. "
        "Mi: million instructions.",
        *gaps,
        *wrong,
        *map(str, session.skipped),
    )
