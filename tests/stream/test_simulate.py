"""The simulator's books: after every event they say what going through all runners and lines would."""

from __future__ import annotations

import random

import pytest

from netsuke.ops.geometry import Padding, window
from netsuke.stream.simulate import Runner, Simulation, Track, end_row, simulate


def net(seed: int) -> tuple[list[Track], list[Runner]]:
    """A given line, layers that each read one of the last lines or two of one height, the last line whole; some in
    their input's memory."""
    chance = random.Random(seed)
    band = chance.randint(1, 3)
    tracks = [Track(rows=chance.randint(6, 20), whole=True, given=True)]
    runners: list[Runner] = []
    for number in range(1, chance.randint(3, 9)):
        read = chance.choice(range(max(0, number - 2), number))
        rows = tracks[read].rows
        axis = window(rows, chance.randint(1, min(3, rows)), chance.randint(1, 2), Padding.SAME)
        same = [i for i in range(number) if tracks[i].rows == rows and i != read]
        inputs = (read, *([chance.choice(same)] if same and chance.randint(0, 1) else []))
        runners.append(Runner(window=axis, inputs=inputs, output=number, rows=axis.output, band=band))
        tracks.append(Track(rows=axis.output, whole=chance.randint(0, 5) == 0))
    return tracks, runners


def next_by_all(state: Simulation) -> int | None:
    """The rule in so many words: the deepest that can go on and does not read given lines alone, else whoever the
    deepest unfinished one waits for."""

    def needed(n: int) -> int:
        count = min(state.runners[n].band, state.runners[n].rows - state.done[n])
        return end_row(state.runners[n].window, state.done[n] + count - 1)

    def ready(n: int) -> bool:
        return all(state.end[i] >= needed(n) for i in state.runners[n].inputs)

    left = [n for n, r in enumerate(state.runners) if state.done[n] < r.rows]
    eager = [n for n in left if ready(n) and not all(state.tracks[i].given for i in state.runners[n].inputs)]
    if eager or not left:
        return max(eager, default=None)
    at = left[-1]
    while not ready(at):
        line = next(i for i in state.runners[at].inputs if state.end[i] < needed(at))
        at = next(n for n, r in enumerate(state.runners) if r.output == line)
    return at


def base_by_all(state: Simulation, line: int) -> int:
    """The first row that some unfinished reader still sees."""
    starts = [
        max(state.done[n] * r.window.stride - r.window.before, 0)
        for n, r in enumerate(state.runners)
        if line in r.inputs and state.done[n] < r.rows
    ]
    return min([state.end[line], *starts])


@pytest.mark.parametrize("seed", range(60))
def test_the_next_runner_and_what_is_still_read(seed: int) -> None:
    tracks, runners = net(seed)
    state = Simulation(tracks, runners)
    while True:
        found = state.next()
        assert found == next_by_all(state)
        for line in range(len(tracks)):
            assert state.base(line) == base_by_all(state, line)
        if found is None:
            break
        state.run(found)
    assert all(done == runner.rows for done, runner in zip(state.done, runners, strict=True))


@pytest.mark.parametrize("seed", range(60))
def test_lines_hold_their_capacity_and_no_more(seed: int) -> None:
    """Played back: a line never holds more rows than its capacity, and once as many."""
    tracks, runners = net(seed)
    table = simulate(tracks, runners)
    first, end = [0] * len(tracks), [0] * len(tracks)
    most = [0] * len(tracks)
    for event in table.events:
        if hasattr(event, "line"):
            first[event.line] += event.rows
            continue
        line = runners[event.runner].output
        end[line] += event.count
        most[line] = max(most[line], end[line] - first[line])
    for line, track in enumerate(tracks):
        if not track.whole:
            assert most[line] <= table.capacity[line] <= track.rows
