"""The cheapest set of actions that brings a metric back: first what costs nothing on the chip, then 16-bit layers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from netsuke.compress.actions import ADAROUND, INT16, Action, Advice, free_actions
from netsuke.compress.recipe import Progress, Quantized, Recipe
from netsuke.compress.study import Metric, wide_choices
from netsuke.compress.workshop import Workshop
from netsuke.errors import InputError

MOST = 24
"""Actions at most; a model that needs more is better off in 16 bits as a whole."""
PRICED = 6
"""16-bit layers of the largest effect whose cost is planned exactly at each step."""
LEAST_DB = 0.1
"""Decibels that count as an improvement."""

Cost = Callable[[Quantized], tuple[int, int]]
"""Bytes of RAM and of flash that a quantised model needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A metric ('accuracy' as a share, or 'sqnr' in decibels) and what it is to reach at least."""

    metric: str
    least: float

    @classmethod
    def parse(cls, text: str) -> Aim:
        """'accuracy>=0.9', 'accuracy>=90%' or 'sqnr>=30'.

        Raises:
            InputError: for anything else.
        """
        found = re.fullmatch(r"\s*(accuracy|sqnr)\s*>=\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*", text)
        if not found or (found[3] and found[1] == "sqnr"):
            raise InputError(f"got {text!r}; accuracy>=0.9, accuracy>=90% or sqnr>=30 was wanted")
        least = float(found[2]) / (100 if found[3] else 1)
        if found[1] == "accuracy" and least > 1:
            raise InputError(f"got {text!r}; an accuracy is at most 1 (or 100%)")
        return cls(metric=found[1], least=least)

    def reached(self, metric: Metric) -> bool:
        """True when the metric is there."""
        return metric.value(self.metric) >= self.least

    def order(self, metric: Metric) -> tuple[float, float]:
        """Larger is better: the metric aimed at, then the signal to noise ratio."""
        return metric.value(self.metric), metric.sqnr_db

    def better(self, new: Metric, old: Metric) -> bool:
        """True for an improvement that is worth an action."""
        if self.metric == "accuracy" and new.value("accuracy") != old.value("accuracy"):
            return new.value("accuracy") > old.value("accuracy")
        return new.sqnr_db > old.sqnr_db + LEAST_DB


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Actions in the order in which they were taken, each with the metric after it; all metrics of integers."""

    aim: Aim
    recipe: Recipe
    before: Metric
    after: Metric
    steps: tuple[Advice, ...]

    @property
    def reached(self) -> bool:
        """True when the aim was reached."""
        return self.aim.reached(self.after)


def fix(workshop: Workshop, recipe: Recipe, aim: Aim, cost: Cost, progress: Progress) -> Fix:
    """Adds actions to a recipe until the aim is reached, then takes back those that it does without.

    Raises:
        InputError: when the aim is an accuracy and there are no labels.
    """
    before = now = workshop.measured(recipe)
    aim.reached(before)
    taken: list[Action] = []
    while not aim.reached(now) and len(taken) < MOST:
        progress(f"fix {len(taken) + 1}", min(0.95, len(taken) / 8))
        current = with_all(recipe, taken)
        action = next_action(workshop, current, aim, cost)
        if action is None:
            break
        taken.append(action)
        now = workshop.measured(action.applied(current))
    if aim.reached(now):
        taken = needed(workshop, recipe, taken, aim)
    return told(workshop, recipe, taken, aim, before, cost)


def next_action(workshop: Workshop, recipe: Recipe, aim: Aim, cost: Cost) -> Action | None:
    """The best free action when one helps; else a layer in 16 bits; else AdaRound; None when nothing is left."""
    now = workshop.simulated(recipe)
    tried = [(workshop.simulated(a.applied(recipe)), a) for a in free_actions(recipe)]
    if tried:
        metric, action = max(tried, key=lambda pair: aim.order(pair[0]))
        if aim.better(metric, now):
            return action
    wide = wide_action(workshop, recipe, aim, cost)
    if wide is not None:
        return wide
    learned = Action(kind=ADAROUND)
    if not recipe.adaround and aim.better(workshop.simulated(learned.applied(recipe)), now):
        return learned
    return None


def wide_action(workshop: Workshop, recipe: Recipe, aim: Aim, cost: Cost) -> Action | None:
    """A layer whose output in 16 bits helps: the cheapest that reaches the aim, else that of most effect a byte."""
    found = workshop.study(recipe, lambda share: None)
    better = [pair for pair in wide_choices(found) if aim.better(pair[1], found.rounded)]
    better.sort(key=lambda pair: aim.order(pair[1]), reverse=True)
    if not better:
        return None
    base = sum(cost(workshop.quantized(recipe)))
    priced = []
    for layer, metric in better[:PRICED]:
        action = Action(kind=INT16, subject=layer.name)
        extra = max(1, sum(cost(workshop.quantized(action.applied(recipe)))) - base)
        gain = metric.value(aim.metric) - found.rounded.value(aim.metric)
        priced.append((aim.reached(metric), extra, gain, action))
    enough = [one for one in priced if one[0]]
    if enough:
        return min(enough, key=lambda one: one[1])[3]
    return max(priced, key=lambda one: one[2] / one[1])[3]


def needed(workshop: Workshop, recipe: Recipe, taken: list[Action], aim: Aim) -> list[Action]:
    """The actions without those that the aim is reached without, dearest kinds first."""
    kept = list(taken)
    for action in sorted(taken, key=lambda a: a.kind != INT16):
        without = [a for a in kept if a is not action]
        if aim.reached(workshop.measured(with_all(recipe, without))):
            kept = without
    return kept


def told(
    workshop: Workshop, recipe: Recipe, taken: list[Action], aim: Aim, before: Metric, cost: Cost
) -> Fix:
    """The actions one after the other, with what each does and costs."""
    steps, now = [], recipe
    for action in taken:
        ram, flash = cost(workshop.quantized(now))
        now = action.applied(now)
        after = cost(workshop.quantized(now))
        steps.append(
            Advice(
                action=action,
                metric=workshop.measured(now),
                ram_bytes=after[0] - ram,
                flash_bytes=after[1] - flash,
            )
        )
    last = steps[-1].metric if steps else before
    return Fix(aim=aim, recipe=now, before=before, after=last, steps=tuple(steps))


def with_all(recipe: Recipe, actions: list[Action]) -> Recipe:
    """The recipe with all of them."""
    for action in actions:
        recipe = action.applied(recipe)
    return recipe
