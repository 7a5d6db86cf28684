"""Which statistics the group level came to use, told from its tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gradshift.bids.dataset import read_json
from gradshift.core.statistics import statistics
from gradshift.report.results import read_numbers
from gradshift.report.wording import Row


@dataclass(frozen=True)
class Tables:
    """Tables of the group level, read when they are asked for."""

    folder: Path

    def rows(self, name: str) -> Sequence[Row]:
        """Read a table; no rows where it was not written."""
        path = self.folder / name
        return read_numbers(path) if path.exists() else []

    @cached_property
    def contrasts(self) -> Sequence[Row]:
        """The rows of the table of contrasts that were tested."""
        return [row for row in self.rows("contrasts.tsv") if np.isfinite(row["p"])]

    @cached_property
    def effects(self) -> set[str]:
        """What was tested."""
        return {row["effect"] for row in self.contrasts}

    @cached_property
    def design(self) -> str:
        """Kind of the design."""
        return str(read_json(self.folder / "contrasts.json").get("DesignType", ""))

    def limits(self, part: str, key: str) -> bool:
        """Tell whether a part of the limits has a value."""
        path = self.folder / "limits.json"
        found: Sequence[Mapping[str, Any]] = read_json(path).get(part, ()) if path.exists() else ()
        return any(row.get(key) is not None for row in found)

    def finite(self, name: str, column: str, **fixed: str) -> bool:
        """Tell whether a column of a table has a value, in rows with these words."""
        return any(
            np.isfinite(row[column])
            for row in self.rows(name)
            if all(row[key] == word for key, word in fixed.items())
        )


BETWEEN = frozenset({"delay", "days", "order", "period", "group-by-time", "drug-by-time"})
"""Effects that are tested by permuting people, where the design is not another."""


def _between(tables: Tables) -> bool:
    own = {"crossover": {"drug-by-time"}, "repeated": {"days"}}.get(tables.design, set())
    return bool(tables.effects & (BETWEEN - own))


RULES: Mapping[str, Callable[[Tables], bool]] = {
    "signflip": lambda t: "change" in t.effects or t.design == "crossover",
    "association": lambda t: bool(t.effects & {"delay", "days"}) and t.design != "repeated",
    "groups": _between,
    "crossover": lambda t: t.design == "crossover",
    "within": lambda t: t.design == "repeated",
    "covariates": lambda t: any(row["covariates"] != "n/a" for row in t.contrasts),
    "groupcovariates": lambda t: (
        _between(t) and any(r["covariates"] != "n/a" for r in t.contrasts)
    ),
    "signtest": lambda t: "change" in t.effects,
    "effects": lambda t: bool(t.contrasts),
    "fdr": lambda t: bool(t.contrasts),
    "nbs": lambda t: bool(t.rows("nbs.tsv")),
    "clusters": lambda t: any(t.folder.glob("*_stat-pfwetfce_*boldmap.nii.gz")),
    "specifications": lambda t: any(r["n_variants"] > 1 for r in t.rows("robustness.tsv")),
    "coupling": lambda t: t.finite("coupling.tsv", "estimate"),
    "spin": lambda t: t.finite("coupling.tsv", "estimate", scope="group-maps-spin"),
    "motion": lambda t: t.limits("MotionAndConnections", "MedianAbsoluteR"),
    "reliability": lambda t: t.finite("reliability.tsv", "icc"),
    "baseline": lambda t: t.limits("BaselineDependence", "OldhamP"),
}
"""When a statistic was used, in the order in which a text tells them."""


def ran(folder: Path) -> list[str]:
    """Name the statistics that the group level used; those without a rule are taken for used.

    Parameters
    ----------
    folder : Path
        Of the group level.
    """
    tables = Tables(folder)
    others = [name for name in statistics() if name not in RULES]
    return [*(name for name, used in RULES.items() if used(tables)), *others]
