"""Kernels chosen by measurement: what each candidate costs on the target core, and the best of them for a goal.

`Tuner` is the door. A measurement is a layer by itself, compiled as in a build and run once on the emulated core; it is
kept under a digest of the kernel's C, the layer's sizes, the core and the compiler. Those of common models come with
netsuke, so that building one measures nothing.
"""

from netsuke.tune.choose import Choice
from netsuke.tune.concede import Concession
from netsuke.tune.goals import FLAGS, check_goal
from netsuke.tune.table import Candidate, Row, Table
from netsuke.tune.tuner import Tuner

__all__ = ["FLAGS", "Candidate", "Choice", "Concession", "Row", "Table", "Tuner", "check_goal"]
