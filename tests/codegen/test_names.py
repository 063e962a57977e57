"""No name of a model becomes a path, a keyword, another's name, or text in a file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.codegen import make_project
from netsuke.codegen.names import C_WORDS, PROJECT_WORDS, Names, identifier, project_name
from netsuke.ops.program import bind
from netsuke.plan import make_plan
from tests.codegen.nets import COLLIDING, HOSTILE, MODEL_NAMES, NETS, only_a_copy, project

SHAPE = re.compile(r"[a-z][a-z0-9_]*")


@settings(deadline=None, max_examples=60)
@given(st.text())
def test_any_text_becomes_an_identifier(name: str) -> None:
    for found in (identifier(name), project_name(name)):
        assert SHAPE.fullmatch(found)
        assert len(found) <= 47
        assert found not in C_WORDS
    assert project_name(name) not in PROJECT_WORDS


@pytest.mark.parametrize("word", sorted(C_WORDS | PROJECT_WORDS))
def test_a_project_never_has_the_name_of_a_header_a_target_or_a_keyword(word: str) -> None:
    assert project_name(word) == project_name(f" {word.upper()}!") == f"model_{word}"


@given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "b"])))
def test_a_name_is_given_out_once(names: list[str]) -> None:
    given_out = Names({"a"})
    found = [given_out.fresh(name) for name in names]
    assert len({*found, "a"}) == len(found) + 1


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_models_name_never_becomes_a_path(name: str) -> None:
    made = make_project(make_plan(bind(only_a_copy())), name=name)
    assert len(made.files) == 8
    for file in made.files:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*\.(c|h|md|txt)", file)
    lower = [file.lower() for file in made.files]
    assert len(set(lower)) == len(lower)
    assert not {f"{word}.h" for word in PROJECT_WORDS - {"test_vectors"}} & set(lower)


def test_no_name_reaches_the_text() -> None:
    made = project("hostile", name="harmless")
    text = "\n".join(made.files.values())
    for name in HOSTILE:
        if not re.fullmatch(r"[A-Za-z0-9_]*|\*/|//.*", name, re.DOTALL):
            assert name not in text
    assert text.isascii()
    for file in made.files.values():
        assert file.count("/*") == file.count("*/")


@pytest.mark.parametrize("net", NETS)
def test_symbols_are_distinct(net: str) -> None:
    made = project(net)
    text = made.files[f"{made.api.prefix}_weights.h"] + made.files[f"{made.api.prefix}.c"]
    found = re.findall(r"^static (?:const|NK_LAYER) \w+ (\w+)[\[ (]", text, re.MULTILINE)
    public = re.findall(r"^int (\w+)\(", text, re.MULTILINE)
    assert len(found) > 1
    assert len({*found, *public}) == len(found) + len(public)


def test_layers_are_named_after_their_nodes() -> None:
    made = project("colliding")
    assert [layer.node for layer in made.layers] == list(COLLIDING)
    assert [layer.symbol.removeprefix("colliding_") for layer in made.layers] == [
        "conv", "conv_2", "conv_weights", "conv_args", "conv_bias", "conv_2_2", "invoke_2", "step_2", "init_2", "t",
    ]  # fmt: skip
