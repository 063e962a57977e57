"""Order, lifetimes, in-place and arena offsets: a Program becomes a Plan."""

from netsuke.plan.check import check
from netsuke.plan.plan import ArenaPart, Buffer, Place, Plan, Space
from netsuke.plan.planner import make_plan, plan_within
from netsuke.plan.regions import placed
from netsuke.plan.split import Room, make_split_plan

__all__ = [
    "ArenaPart",
    "Buffer",
    "Place",
    "Plan",
    "Room",
    "Space",
    "check",
    "make_plan",
    "make_split_plan",
    "placed",
    "plan_within",
]
