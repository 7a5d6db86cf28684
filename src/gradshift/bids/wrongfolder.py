"""What a folder is in which there is no fMRIPrep output, and what to do."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradshift.bids.diagnosis import REMEDIES, STANDARD, remedy_for
from gradshift.bids.opener import shown


def diagnose_folder(bids_dir: Path, makers: Sequence[str], below: Mapping[str, str]) -> str:
    """Say what a folder is in which no fMRIPrep output was found, and what to do.

    Parameters
    ----------
    bids_dir : Path
    makers : sequence of str
        Names and versions of the pipelines that made it; empty for raw data.
    below : mapping of str to str
        What lies in ``derivatives``: names of folders, and what made them as far as is known.
    """
    if remark := other_level(bids_dir):
        return remark
    if makers:
        remedy = remedy_for(makers) or "it has no BOLD with the names of fMRIPrep"
        return (
            f"{shown(bids_dir)} is the output of {', '.join(makers)}: {remedy}. Another folder is "
            "named with --derivatives fmriprep=PATH."
        )
    contents = ", ".join(
        f"{shown(name)} ({made})" if made else shown(name) for name, made in below.items()
    )
    derivatives = bids_dir / "derivatives"
    return (
        f"No fMRIPrep output in {shown(derivatives)} (a folder whose dataset_description.json "
        f"says GeneratedBy fMRIPrep, or with its names); there is: {contents or 'nothing'}. "
        f"Preprocess first: fmriprep {shown(bids_dir)} {shown(derivatives / 'fmriprep')} "
        f"participant --output-spaces {STANDARD}, or name the folder with --derivatives "
        "fmriprep=PATH."
    )


def other_level(bids_dir: Path) -> str:
    """Say that the folder lies above or below that of a dataset, if it does."""
    names = sorted(os.listdir(bids_dir))
    for folder in [bids_dir, *bids_dir.parents]:
        if folder.name.startswith("sub-"):
            return (
                f"{shown(bids_dir)} is the folder of one participant, or lies in it; give that of "
                f"the dataset, {shown(folder.parent)}, and choose with --participant-label."
            )
    if any((bids_dir / name / "MNINonLinear").is_dir() for name in names):
        return f"{shown(bids_dir)} has the layout of the HCP pipelines: {REMEDIES['hcp']}."
    inside = [n for n in names if (bids_dir / n / "dataset_description.json").is_file()]
    if (
        inside
        and not any(name.startswith("sub-") for name in names)
        and (not (bids_dir / "dataset_description.json").exists())
    ):
        first = bids_dir / inside[0]
        return (
            f"{shown(bids_dir)} is no dataset, but holds {shown(', '.join(inside[:6]))}; give one "
            f"of these, such as {shown(first)}."
        )
    return ""
