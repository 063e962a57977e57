"""report.html: well formed, self-contained, escaped, complete."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from netsuke.report import BuildResult, PassResult, PortResult
from netsuke.report.html import to_html
from netsuke.report.memory_picture import memory_picture
from tests.report.samples import large, small

HOSTILE = (
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>${model}$model\x1b[2J\u202e\ud800"
)
VOID = {"meta", "link", "img", "input", "br", "line", "rect", "path", "circle"}


class Page(HTMLParser):
    """Holds every element of a page; fails on an end tag that closes nothing."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def count(self, tag: str, **wanted: str) -> int:
        return sum(t == tag and all(a.get(k) == v for k, v in wanted.items()) for t, a in self.elements)


def hostile() -> BuildResult:
    """Every string that may come from a model file is an attack."""
    layers = tuple(replace(one, name=HOSTILE) for one in small().layers)
    buffers = tuple(replace(one, name=HOSTILE, tensors=(HOSTILE, HOSTILE)) for one in small().buffers)
    ports = (PortResult(name=HOSTILE, shape=(1,), dtype="int8"),)
    return replace(
        small(),
        model=HOSTILE,
        first_difference=HOSTILE,
        exact=False,
        layers=layers,
        buffers=buffers,
        inputs=ports,
        outputs=ports,
        passes=(PassResult(name="p", lines=(HOSTILE,) * 9),),
    )


def test_a_hostile_model_adds_no_element_and_no_handler() -> None:
    page, attacked = Page(to_html(small())), Page(to_html(hostile()))
    assert attacked.count("script") == page.count("script") == 1
    assert attacked.count("img") == 0
    handlers = [a for _, a in attacked.elements for name in a if name.startswith("on")]
    assert handlers == []
    assert any("alert(1)" in words for words in attacked.words)


def test_terminal_codes_and_direction_overrides_are_shown_not_obeyed() -> None:
    page = to_html(hostile())
    page.encode("utf-8")
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert r"\x1b[2J\u202e\ud800" in page


@pytest.mark.parametrize("result", [small(), large(), hostile()], ids=["small", "large", "hostile"])
def test_nothing_is_asked_of_the_network(result: BuildResult) -> None:
    page = to_html(replace(result, model="m"))
    sources = [
        a[name]
        for _, a in Page(page).elements
        for name in ("src", "href", "data", "action", "srcset", "xlink:href")
        if name in a
    ]
    assert sources == []
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(", page)
    assert "default-src 'none'" in page


def test_the_parts_of_a_small_build() -> None:
    page = Page(to_html(small()))
    words = " ".join(page.words)
    for expected in (
        "exact: 20 inputs, byte for byte the same on host and unicorn cortex-m4",
        "fits: 655,048 bytes of RAM and 2,094,432 of flash stay free",
        "25.0",
        "312 of 655,360 bytes (<0.1 %)",
        "arena 96 bytes",
        "1 clamp fused into fully_connected",
        "Arm Cortex-M4 TRM (DDI 0439), table 3-1; zero wait states",
        "SHA-256 " + "ab" * 32,
        "100 cycles belong to no layer: the calls themselves.",
    ):
        assert expected in words, expected
    assert page.count("g", **{"class": "buffer input"}) == 1
    assert page.count("g", **{"class": "buffer scratch"}) == 1
    assert page.count("tr") == 1 + 2 + 1 + 2


def test_a_large_build_has_a_row_a_column_and_a_rectangle_for_each() -> None:
    result = large()
    page = Page(to_html(result))
    charts = 4
    assert page.count("g", **{"class": "layer"}) == charts * len(result.layers)
    assert sum((a.get("class") or "").startswith("buffer ") for t, a in page.elements if t == "g") == len(
        result.buffers
    )
    assert "without sharing 82,000 bytes" in " ".join(page.words)


def test_what_is_bad_is_said_as_bad() -> None:
    result = replace(large(), exact=False, first_difference="layer 3 differs", ram_available=65_536)
    words = " ".join(Page(to_html(result)).words)
    assert "NOT exact: layer 3 differs" in words
    assert "does NOT fit: too big for RAM by 9,944 bytes" in words
    assert "9,944 bytes too many" in words


def test_a_build_that_ran_nowhere_but_on_the_host() -> None:
    unmeasured = tuple(replace(one, cycles=None, instructions=None) for one in small().layers)
    result = replace(
        small(),
        layers=unmeasured,
        cycles=None,
        instructions=None,
        milliseconds=None,
        energy_microjoules=None,
        stack_bytes=None,
        ran_on=("host",),
    )
    page = Page(to_html(result))
    assert page.count("div", **{"class": "tile"}) == 3
    assert Page(to_html(small())).count("div", **{"class": "tile"}) == 6
    assert page.count("input", id="m-cycles") == 0
    assert page.count("input", id="m-macs", checked="checked") == 1
    assert "not measured: the image was not run" in page.words


def test_an_empty_model_is_a_page_too() -> None:
    empty = replace(
        small(),
        layers=(),
        buffers=(),
        passes=(),
        inputs=(),
        outputs=(),
        arena_bytes=0,
        naive_peak_bytes=0,
        macs=0,
    )
    assert Page(to_html(empty)).count("table") == 2


def test_a_step_has_the_same_place_in_both_pictures() -> None:
    """The x of a layer's first buffer is the x of its column: the pictures are read together."""
    page = Page(to_html(small()))
    hits = [a["x"] for t, a in page.elements if t == "rect" and a.get("class") == "hit"]
    rects = [float(a["x"] or 0) for t, a in page.elements if t == "rect" and a.get("rx") == "3"]
    logits = rects[1]
    assert abs(logits - float(hits[0] or 0)) < 1


def test_every_number_of_the_layer_table_carries_its_sort_key() -> None:
    page = Page(to_html(large()))
    keys = [a["data-v"] for t, a in page.elements if t == "td" and (a.get("class") or "").startswith("n")]
    assert len(keys) == 9 * len(large().layers)
    assert [float(key or "") for key in keys[::9]] == [float(layer.index) for layer in large().layers]
    assert [float(key or "") for key in keys[3::9]] == [float(layer.cycles or 0) for layer in large().layers]


def test_a_label_ends_where_a_later_buffer_lies_over_its_own() -> None:
    """An output may lie over the input that its layer still reads; the input's name would be under it."""
    under, over = small().buffers[:2]
    assert (under.first_step, under.last_step, over.first_step) == (-1, 0, 0)
    under = replace(under, name="n" * 90)

    def letters(offset: int) -> int:
        buffers = (under, replace(over, offset=offset))
        (label,) = re.findall(
            r"<text [^>]*>(n+\W*n*)</text>", memory_picture(replace(small(), buffers=buffers))
        )
        return len(label)

    apart, covered = letters(under.end), letters(under.end - 8)
    assert 10 < covered < 0.6 * apart
