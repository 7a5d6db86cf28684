"""What an output says of itself: its README and .bidsignore."""

import os
from collections.abc import Mapping
from pathlib import Path

from gradshift.bids.links import Links
from gradshift.bids.write import write_json, write_text

BIDSIGNORE = """\
/work
/logs
/prov
/atlases
/atlas-*_description.json
/group
/group-*
figures
*.html
*_relmat.tsv
*_relmat.json
*_measures.tsv
*_measures.json
*_variants.tsv
*_variants.json
*_timeseries.tsv
*_timeseries.json
*_outliers.tsv
*_outliers.json
*_stat-coverage_bold.tsv
*_stat-coverage_bold.json
*_boldmap.nii.gz
*_boldmap.dscalar.nii
*_boldmap.shape.gii
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
its columns are and how its values were made; prov/ says what was run on what, as BIDS proposes it
(BEP028). logs/ keeps the settings of every run; work/ may be removed.
"""


ACKNOWLEDGE = (
    "Cite what the methods text in logs/CITATION.md names, and the source datasets as they ask."
)

CONTAINERS = (("APPTAINER_CONTAINER", "apptainer"), ("SINGULARITY_CONTAINER", "singularity"))
"""Variables that a container's program sets, and its name."""

IMAGE_TAG = "GRADSHIFT_IMAGE_TAG"
"""Variable that names the image; set in it."""


def prepare(root: Path, *, version: str, links: Links) -> None:
    """Write the descriptions of the output dataset.

    Parameters
    ----------
    root : Path
    version : str
    links : Links
        The datasets it comes from.
    """
    licence, sources = links.licence(), links.sources()
    description = {
        "Name": "gradshift: network connectivity before and after a drug",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        **({"License": licence} if licence else {}),
        "HowToAcknowledge": ACKNOWLEDGE,
        "GeneratedBy": [
            {
                "Name": "gradshift",
                "Version": version,
                "Description": "BIDS App for pharmacological before-after imaging studies",
                **container(os.environ),
            }
        ],
        **({"SourceDatasets": sources} if sources else {}),
        "DatasetLinks": links.targets(),
    }
    write_json(root / "dataset_description.json", description)
    write_text(root / ".bidsignore", BIDSIGNORE)
    write_text(root / "README", README)


def container(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Say which container this process runs in; nothing where it runs in none of ours."""
    tag = environment.get(IMAGE_TAG)
    kinds = [name for variable, name in CONTAINERS if environment.get(variable)]
    if not tag:
        return {}
    return {"Container": {"Type": kinds[0] if kinds else "docker", "Tag": tag}}
