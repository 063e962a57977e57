"""One layer by itself: a graph of one node with its kernel forced, as a stretch of C that stands beside others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from netsuke.codegen import Project, make_project
from netsuke.ir import Graph
from netsuke.ops.program import Program, Step
from netsuke.plan import make_plan

LAYER = "layer"
OWN_INCLUDE = re.compile(r'^#include "(\w+\.h)"\n', re.MULTILINE)


class Form(Enum):
    """EXPANDED: the kernel compiled into the layer. SHARED: the kernel as a function that knows nothing of it."""

    EXPANDED = "expanded"
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solo:
    """A layer to measure; `tag` becomes the prefix of all its C names."""

    step: Step
    graph: Graph
    form: Form
    tag: str
    project: Project

    @property
    def function(self) -> str:
        """The layer's C function."""
        return self.project.layers[0].symbol


def solo(graph: Graph, step: Step, form: Form, tag: str) -> Solo:
    """The step as a project of its own."""
    node = replace(step.node, name=LAYER)
    names = [name for name in (*node.inputs, *node.outputs) if name]
    inputs = [name for name in node.inputs if name and not graph.tensors[name].is_constant]
    alone = Graph(
        name=tag,
        tensors={name: graph.tensors[name] for name in names},
        nodes=(node,),
        inputs=tuple(dict.fromkeys(inputs)),
        outputs=node.outputs,
        states=graph.states,
    )
    own = replace(step, node=node, site=replace(step.site, node=node), view=False)
    expanded = frozenset({LAYER}) if form is Form.EXPANDED else frozenset[str]()
    program = Program(graph=alone, steps=(own,), expanded=expanded)
    project = make_project(make_plan(program), name=tag)
    return Solo(step=step, graph=alone, form=form, tag=tag, project=project)


def solo_text(one: Solo) -> str:
    """The project as one file. The library's names get the tag in front, so that many layers stand in one file, each
    compiled as if it were alone."""
    files = one.project.files
    seen: set[str] = set()

    def insert(found: re.Match[str]) -> str:
        """The header's text, the first time."""
        name = found[1]
        if name in seen:
            return ""
        seen.add(name)
        return OWN_INCLUDE.sub(insert, files[name])

    text = OWN_INCLUDE.sub(insert, files[f"{one.project.api.prefix}.c"])
    if one.form is Form.SHARED:
        # Visible from outside, so that no compiler adapts it to its only caller.
        text = f"#define NK_KERNEL __attribute__((noinline))\n{text}"
    return re.sub(r"\b(nk|NK)_", rf"{one.tag}\1_", text)
