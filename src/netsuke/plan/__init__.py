"""Order, lifetimes, in-place and arena offsets: a Program becomes a Plan."""

from netsuke.plan.check import check
from netsuke.plan.plan import Buffer, Place, Plan, Space
from netsuke.plan.planner import make_plan

__all__ = ["Buffer", "Place", "Plan", "Space", "check", "make_plan"]
