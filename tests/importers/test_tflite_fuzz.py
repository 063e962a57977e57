"""Damaged real files: an importer's own error or a well-formed graph, in bounded time, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netsuke.errors import GraphError, ImportModelError, NetsukeError
from netsuke.exporters.tflite import write
from netsuke.importers.tflite import load
from netsuke.ir import verify
from netsuke.ops import registry
from tests.importers.models import WAKE_WORDS, wake_word_folder
from tests.importers.patching import with_external_buffers

CORPUS = Path(__file__).parent / "corpus"
FAMILIES = sorted(path.stem for path in (Path(__file__).parents[1] / "ops").glob("cases_*.py"))
SECONDS = 5.0
"""Far above what any of these files takes: a hang or work out of proportion."""

thoroughly = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@cache
def small_files() -> tuple[bytes, ...]:
    """One file per family of operators, its weights inside and behind the flatbuffer."""
    found = []
    for family in FAMILIES:
        for case in import_module(f"tests.ops.{family}").cases():
            try:
                data = write(case.graph)
            except NetsukeError:
                continue
            if len(data) < 4000:
                found += [data, with_external_buffers(data)]
                break
    return tuple(found)


@cache
def real_file(name: str) -> bytes:
    """A trained model of some 50 KB: variables, two subgraphs, shared buffers."""
    return (wake_word_folder() / f"{name}.tflite").read_bytes()


def survives(data: bytes) -> bool:
    """Whether the file is still a model; fails on any other error than the importer's, and on slowness."""
    started = time.process_time()
    try:
        graph = load(data, "model")
    except (ImportModelError, GraphError) as error:
        message = str(error)
        graph = None
    assert time.process_time() - started < SECONDS
    if graph is None:
        assert message
        return False
    verify(graph)
    for node in graph.nodes:
        registry.site(graph, node)
    return True


Edit = Callable[[bytearray], None]

WORDS = st.sampled_from(
    [0, 1, 2, 3, 4, 7, 8, 9, 16, 255, 256, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 4]
) | st.integers(0, 2**32 - 1)


@st.composite
def edits(draw: st.DrawFn, size: int) -> Edit:
    """One change: mostly to the structure, which lies at a file's two ends, seldom to the weights between."""
    near = draw(st.integers(0, min(size, 3000) - 1))
    at = draw(st.sampled_from([near, size - 1 - near, draw(st.integers(0, size - 1))]))
    kind = draw(st.sampled_from(["flip", "flip", "byte", "word", "word", "cut", "drop", "insert", "splice"]))
    if kind == "flip":
        bit = 1 << draw(st.integers(0, 7))
        return lambda data: data.__setitem__(at, data[at] ^ bit) if at < len(data) else None
    if kind == "byte":
        value = draw(st.sampled_from([0, 1, 127, 128, 255]))
        return lambda data: data.__setitem__(slice(at, at + 1), bytes([value]))
    if kind == "word":
        word = draw(WORDS).to_bytes(4, "little")
        return lambda data: data.__setitem__(slice(at & ~3, (at & ~3) + 4), word)
    if kind == "cut":
        return lambda data: data.__delitem__(slice(at, None))
    length = draw(st.integers(1, 64))
    if kind == "drop":
        return lambda data: data.__delitem__(slice(at, at + length))
    if kind == "insert":
        return lambda data: data.__setitem__(slice(at, at), bytes(length))
    source = draw(st.integers(0, size - 1))
    return lambda data: data.__setitem__(slice(at, at + length), data[source : source + length])


def changed(data: bytes, changes: list[Edit]) -> bytes:
    """The file after all changes."""
    content = bytearray(data)
    for change in changes:
        change(content)
    return bytes(content)


@thoroughly
@given(st.data())
def test_damaged_small_files(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(small_files()))
    survives(changed(original, data.draw(st.lists(edits(len(original)), min_size=1, max_size=3))))


@pytest.mark.parametrize("name", WAKE_WORDS)
@settings(thoroughly, max_examples=60)
@given(st.data())
def test_damaged_trained_models(name: str, data: st.DataObject) -> None:
    original = real_file(name)
    survives(changed(original, data.draw(st.lists(edits(len(original)), min_size=1, max_size=3))))


@settings(thoroughly, max_examples=200)
@given(st.binary(max_size=600))
def test_random_bytes_behind_a_good_mark(tail: bytes) -> None:
    assert not survives(b"\x18\x00\x00\x00TFL3" + tail)


@settings(thoroughly, max_examples=200)
@given(st.data())
def test_two_files_joined(data: st.DataObject) -> None:
    first, second = data.draw(st.sampled_from(small_files())), data.draw(st.sampled_from(small_files()))
    at = data.draw(st.integers(0, min(len(first), len(second))))
    survives(first[:at] + second[at:])


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_mutants(seed: int) -> None:
    """Many more than Hypothesis has time for: mutants of small files and of a trained model."""
    rng = Random(seed)
    alive = 0
    for original, count in ((None, 1000), (real_file(WAKE_WORDS[seed]), 60)):
        for _ in range(count):
            alive += survives(mutant(original or rng.choice(small_files()), rng))
    assert alive > 100, (
        "nearly every mutant is refused at once: the damage is too coarse to reach the decoders"
    )


def mutant(original: bytes, rng: Random) -> bytes:
    """One change, seldom two, mostly near the ends."""
    data = bytearray(original)
    for _ in range(rng.choice([1, 1, 1, 1, 2])):
        near = rng.randrange(min(len(data), 3000))
        at = rng.choice([near, len(data) - 1 - near, rng.randrange(len(data))])
        kind = rng.random()
        if kind < 0.5:
            data[at] ^= 1 << rng.randrange(8)
        elif kind < 0.7:
            data[at] = rng.choice([0, 1, 2, 127, 128, 254, 255])
        elif kind < 0.97:
            word = rng.choice([0, 2**31 - 1, 2**31, 2**32 - 1, rng.randrange(2**32), rng.randrange(64)])
            data[at & ~3 : (at & ~3) + 4] = word.to_bytes(4, "little")
        else:
            del data[at : at + rng.randrange(1, 16)]
    return bytes(data)


def test_a_bit_of_every_byte_of_one_file() -> None:
    """Not by chance: a small model with a state, an initial value and two subgraphs."""
    case = next(import_module("tests.ops.cases_state").cases())
    original = write(case.graph)
    alive = 0
    for place in range(len(original)):
        content = bytearray(original)
        content[place] ^= 1 << place * 3 % 8
        alive += survives(bytes(content))
    assert 0 < alive < len(original)


def test_the_files_before_damage_are_models() -> None:
    assert all(survives(data) for data in small_files())
    assert all(survives(real_file(name)) for name in WAKE_WORDS)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.tflite")), ids=lambda path: path.stem)
def test_files_that_once_broke_the_importer(path: Path) -> None:
    assert not survives(path.read_bytes())


def test_the_corpus_is_there() -> None:
    assert len(list(CORPUS.glob("*.tflite"))) >= 4
