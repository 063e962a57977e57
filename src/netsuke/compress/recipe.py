"""What is done to a float graph on its way to integers, as data; and the doing of it, from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netsuke.compress.adaround import learned_rounding
from netsuke.compress.bias_correction import corrected, with_biases
from netsuke.compress.calibrate import Observations, observe
from netsuke.compress.calibrators import calibrator
from netsuke.compress.equalize import equalized
from netsuke.compress.masks import with_bounded_masks, with_hidden
from netsuke.compress.quantize import check_quantizable, integer_graph
from netsuke.compress.samples import Samples
from netsuke.compress.scheme import WEIGHT_AXIS, Scheme, make_scheme
from netsuke.errors import InputError
from netsuke.ir import Graph
from netsuke.ops.registry import operators

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of it is done (0..1)."""
ALL = "all"
"""In the place of layers' names: every layer."""


def silent(what: str, share: float) -> None:
    """Shows no progress."""
    del what, share


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to quantise after training.

    `int16`: layers whose outputs are kept in 16 bits (or tensors); `weights_4` and `weights_2`: layers
    whose weights have so few bits; 'all' stands for every one. `float32`: layers that stay in float32, by name or by
    operator, such as 'normalize', which .tflite has no integer form of. `seed` is AdaRound's.
    """

    calibrator: str = "mse"
    equalize: bool = False
    bias_correction: bool = False
    adaround: bool = False
    int16: tuple[str, ...] = ()
    weights_4: tuple[str, ...] = ()
    weights_2: tuple[str, ...] = ()
    float32: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        calibrator(self.calibrator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """The integer graph, and what it was made from: the float graph (masks bounded, equalised when that was asked
    for), what was
    seen of it over `observations.samples` samples, and the scheme."""

    graph: Graph
    real: Graph
    observations: Observations
    scheme: Scheme
    recipe: Recipe


def quantize_by(graph: Graph, samples: Samples, recipe: Recipe, progress: Progress = silent) -> Quantized:
    """Calibrates, and does what the recipe says.

    Args:
        graph: float32, constant weights.
        samples: inputs like those of real use.
        recipe: what to do.
        progress: called with the stage and its share done.

    Raises:
        InputError: for samples that the graph does not take, or layers that it does not have.
        UnsupportedModel: when operators have no integer form here.
    """
    check_quantizable(graph)
    graph = with_bounded_masks(graph, samples)
    if recipe.equalize:
        progress("equalise", 0.0)
        graph = equalized(graph, observe(graph, samples, histograms=False)).graph
    total = len(samples)
    seen = observe(graph, samples, progress=lambda done: progress("calibrate", done / total))
    return quantize_observed(graph, samples, seen, recipe, progress)


def quantize_observed(
    graph: Graph, samples: Samples, seen: Observations, recipe: Recipe, progress: Progress = silent
) -> Quantized:
    """The same for a graph that was observed (and equalised) already."""
    if recipe.bias_correction:
        graph = with_biases(graph)
    scheme = make_scheme(
        graph,
        with_hidden(graph, seen.ranges(recipe.calibrator)),
        int16=layers_named(graph, recipe.int16, weighted=False),
        bits=few_bits(graph, recipe),
        real=layers_in_float(graph, recipe.float32),
    )
    if recipe.adaround:
        scheme = learned_rounding(
            graph, scheme, samples, seed=recipe.seed, progress=lambda share: progress("adaround", share)
        )
    if recipe.bias_correction:
        scheme = corrected(graph, scheme, samples, progress=lambda share: progress("bias", share))
    progress("done", 1.0)
    return Quantized(
        graph=integer_graph(graph, scheme), real=graph, observations=seen, scheme=scheme, recipe=recipe
    )


def few_bits(graph: Graph, recipe: Recipe) -> dict[str, int]:
    """Layer → bits of its weights, where they are not 8; a layer that is named for both has 2."""
    four, two = (layers_named(graph, n, weighted=True) for n in (recipe.weights_4, recipe.weights_2))
    return dict.fromkeys(four, 4) | dict.fromkeys(two, 2)


def layers_in_float(graph: Graph, names: tuple[str, ...]) -> frozenset[str]:
    """The nodes that `Recipe.float32` names; an operator that the graph lacks names none."""
    by_operator = {node.name for node in graph.nodes if node.op in names}
    single = tuple(name for name in names if name not in operators())
    return layers_named(graph, single, weighted=False) | by_operator


def layers_named(graph: Graph, names: tuple[str, ...], *, weighted: bool) -> frozenset[str]:
    """Layers of the graph by name; a name's last part is enough where one layer alone has it.

    Raises:
        InputError: for a name that fits none, or several.
    """
    known = [node.name for node in graph.nodes if not weighted or node.op in WEIGHT_AXIS]
    tensors = [t.name for t in graph.tensors.values() if not t.is_constant]
    if ALL in names:
        return frozenset(known)
    return frozenset(one_named(name, known, [] if weighted else tensors) for name in names)


def one_named(name: str, known: list[str], tensors: list[str]) -> str:
    """A layer (or a tensor) by its name, or by the part of it that tells it from all others."""
    if name in known or name in tensors:
        return name
    fitting = [one for one in known if one.endswith(name)] or [one for one in known if name in one]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InputError(f"got layer {name!r}, which may be {', '.join(fitting)}; say which")
    raise InputError(f"got layer {name!r}; the model has {', '.join(known)}")
