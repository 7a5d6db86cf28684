"""What an output says of itself: its README and .bidsignore."""

from collections.abc import Sequence
from pathlib import Path

from gradshift.bids.write import write_json, write_text

BIDSIGNORE = """\
/work
/logs
/atlases
/group
/group-*
figures
*.html
*_relmat.tsv
*_relmat.json
*_measures.tsv
*_measures.json
*_timeseries.tsv
*_timeseries.json
*_outliers.tsv
*_outliers.json
*_stat-coverage_bold.tsv
*_stat-coverage_bold.json
*_boldmap.nii.gz
*_boldmap.json
*_tacs.tsv
*_tacs.json
*_kinpar.tsv
*_kinpar.json
"""

README = """\
Results of gradshift, a BIDS App that compares sessions before and after a drug.

sub-*/ holds the series, matrices and measures of every session; group/ holds the comparison
of the sessions, group-*/ further ones. Every table has a JSON file beside it that says what
its columns are and how its values were made. logs/ keeps the settings of every run; work/ may
be removed.
"""


def prepare(root: Path, *, version: str, sources: Sequence[Path]) -> None:
    """Write the descriptions of the output dataset."""
    description = {
        "Name": "gradshift: network connectivity before and after a drug",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": "gradshift",
                "Version": version,
                "Description": "BIDS App for pharmacological before-after imaging studies",
            }
        ],
        "SourceDatasets": [{"URL": source.as_uri()} for source in sources],
    }
    write_json(root / "dataset_description.json", description)
    write_text(root / ".bidsignore", BIDSIGNORE)
    write_text(root / "README", README)
