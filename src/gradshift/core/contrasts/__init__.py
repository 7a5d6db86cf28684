"""Compare sessions, people and groups: everything one row of the group table needs."""

from gradshift.core.contrasts.comparison import Comparison
from gradshift.core.contrasts.groups import compare_groups, compare_number
from gradshift.core.contrasts.people import (
    compare,
    compare_sessions,
    compare_variants,
    compare_weighted,
)
from gradshift.core.contrasts.periods import compare_crossover

__all__ = [
    "Comparison",
    "compare",
    "compare_crossover",
    "compare_groups",
    "compare_number",
    "compare_sessions",
    "compare_variants",
    "compare_weighted",
]
