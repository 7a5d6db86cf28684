"""All values of people and sessions that the group level compared."""

from pathlib import Path

from gradshift.bids.write import write_json
from gradshift.bids.writetable import write_table
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar


def write(study: Study, folder: Path) -> None:
    """Write the table of values, and what its measures are."""
    columns = [study.table[name].tolist() for name in study.table.columns]
    rows = zip(*columns, strict=True)
    write_table(folder / "measures.tsv", list(study.table.columns), rows)
    described = {
        name: measure for result in study.results for name, measure in result.measures.items()
    }
    write_json(folder / "measures.json", {"Measures": described, **sidecar(study)})


FILES = Files(name="measures", rank=90, write=write)
