"""The table of coupling: its declared family counts among those of the page."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradshift.group.contrasts import page_of_couplings
from gradshift.group.coupling import couplings
from gradshift.group.pairs import Coupling
from gradshift.group.study import Study
from gradshift.group.table import Table
from gradshift.group.written import Written


def coupled(study: Study) -> Sequence[Coupling]:
    """Return the couplings, those over people corrected for all declared families too."""
    p_page = iter(page_of_couplings(study))
    return [
        replace(row, p_page=float(next(p_page))) if row.scope == "between-people" else row
        for row in couplings(study)
    ]


def _scopes(written: Written) -> set[str]:
    rows = written.rows("coupling", Coupling)
    return {row.scope for row in rows if np.isfinite(row.estimate)}


TABLE = Table(
    name="coupling",
    rank=50,
    row=Coupling,
    rows=coupled,
    optional=True,
    uses={
        "coupling": lambda written: bool(_scopes(written)),
        "spin": lambda written: "group-maps-spin" in _scopes(written),
    },
)
