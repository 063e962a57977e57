"""A plan becomes a C project that reads as if a person had written it."""

from netsuke.codegen.harness import Vector
from netsuke.codegen.project import Project, make_project

__all__ = ["Project", "Vector", "make_project"]
