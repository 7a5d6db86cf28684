"""All values of people and sessions that the group level compared."""

from pathlib import Path

from gradshift.bids.columnar import write_columns
from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_values
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar

MOST_ROWS = 5_000_000
"""Rows up to which values are written as text, too: some 700 MB."""


def write(study: Study, folder: Path) -> None:
    """Write the table of values, in columns and as text, and what its measures are."""
    write_columns(folder / "measures.npz", study.table)
    if len(study.table) <= MOST_ROWS:
        write_values(folder / "measures.tsv", study.table)
    described = {
        name: measure for result in study.results for name, measure in result.measures.items()
    }
    write_json(folder / "measures.json", {"Measures": described, **sidecar(study)})


FILES = Files(name="measures", rank=90, write=write)
