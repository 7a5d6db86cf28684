"""All values of people and sessions that the group level compared."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gradshift.bids.write import write_json
from gradshift.bids.writetable import ROWS, write_table
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar


def write(study: Study, folder: Path) -> None:
    """Write the table of values, and what its measures are."""
    write_table(folder / "measures.tsv", list(study.table.columns), _rows(study.table))
    described = {
        name: measure for result in study.results for name, measure in result.measures.items()
    }
    write_json(folder / "measures.json", {"Measures": described, **sidecar(study)})


def _rows(table: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Yield the rows, some at a time: as Python's own values they take much room."""
    for start in range(0, len(table), ROWS):
        some = table.iloc[start : start + ROWS]
        yield from zip(*(some[name].tolist() for name in some.columns), strict=True)


FILES = Files(name="measures", rank=90, write=write)
