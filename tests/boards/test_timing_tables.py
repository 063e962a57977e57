"""Timing rules: what they match, what they refuse."""

import pytest

from netsuke.boards import TimingModel, TimingRule, TimingTable, core
from netsuke.errors import BoardError


def table(**values):
    return TimingTable(
        **{"name": "t", "model": TimingModel.TABLE, "source": "s", "note": "n", "rules": (), **values}
    )


def test_the_first_rule_that_matches_counts():
    found = table(rules=(TimingRule(prefixes=("ldrd",), cycles=3), TimingRule(prefixes=("ldr",), cycles=2)))
    assert [found.rule(name).cycles for name in ("ldrd", "ldr", "ldrsb", "add")] == [3, 2, 2, 1]


def test_exact_does_not_match_prefixes():
    found = table(rules=(TimingRule(exact=("b",), cycles=9),))
    assert [found.rule(name).cycles for name in ("b", "bic", "bl")] == [9, 1, 1]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: TimingRule(), "matches nothing"),
        (lambda: TimingRule(exact=("b",), cycles=0), "wanted at least 1"),
        (lambda: table(source=""), "no source or no note"),
        (lambda: table(width=0), "width=0"),
        (
            lambda: table(model=TimingModel.SCOREBOARD, rules=(TimingRule(exact=("x",), unit="mac"),)),
            "does not list",
        ),
    ],
)
def test_bad_tables_are_refused(make, said):
    with pytest.raises(BoardError, match=said):
        make()


@pytest.mark.parametrize(
    ("core_name", "mnemonic", "cycles"),
    [
        ("cortex-m4", "smlad", 1),
        ("cortex-m4", "mla", 1),
        ("cortex-m4", "sdiv", 6),
        ("cortex-m4", "vfma", 3),
        ("cortex-m4", "vsqrt", 14),
        ("cortex-m4", "blt", 1),
        ("cortex-m4", "bl", 3),
        ("cortex-m3", "mla", 2),
        ("cortex-m3", "smull", 4),
        ("cortex-m0plus", "str", 2),
        ("cortex-m0plus", "muls", 1),
        ("cortex-m0plus", "bx", 2),
        ("rv32imc", "div", 34),
        ("rv32imc", "mul", 1),
    ],
)
def test_costs_from_the_manuals(core_name, mnemonic, cycles):
    assert core(core_name).timing_table().rule(mnemonic).cycles == cycles
