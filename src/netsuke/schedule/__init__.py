"""Which layers are computed row by row, so that a model fits the RAM that it is given."""

from netsuke.schedule.budget import SMALLEST, parse_budget
from netsuke.schedule.choose import Schedule, fit, pick, schedules

__all__ = ["SMALLEST", "Schedule", "fit", "parse_budget", "pick", "schedules"]
