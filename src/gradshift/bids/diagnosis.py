"""What a folder holds in place of fMRIPrep's BOLD in a standard space, in one sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradshift.bids.opener import shown
from gradshift.bids.parse import IndexedFile
from gradshift.images.grayordinates import SURFACE_SPACES

STANDARD = "MNI152NLin2009cAsym:res-2"
NATIVE = ("T1w", "T2w", "func", "anat", "boldref", "orig", "scanner")
"""Spaces of one person's own brain."""

SURFACES = (".dtseries.nii", ".func.gii", ".mgh", ".mgz")
TEDANA = ("optcom", "optcomDenoised", "optcomMIRDenoised", "denoised", "mirDenoised")

REMEDIES: Mapping[str, str] = {
    "xcp": "it is denoised already; its region series are read with --derivatives xcp_d=PATH, its "
    "images with --derivatives denoised=PATH",
    "tedana": "its images are read with --derivatives denoised=PATH, if they are in a standard "
    "space; else give the fMRIPrep output that it was made from",
    "halfpipe": "it keeps the fMRIPrep output that it was made from in derivatives/fmriprep; give "
    "that, or read its region series with --derivatives series=PATH",
    "cpac": "its names and spaces are its own; preprocess the raw data with fMRIPrep",
    "c-pac": "its names and spaces are its own; preprocess the raw data with fMRIPrep",
    "hcp": "its layout is its own, and is no BIDS; preprocess the raw data with fMRIPrep",
    "mriqc": "it holds measures of quality and no images; preprocess the raw data with fMRIPrep",
    "freesurfer": "it holds anatomy only; preprocess the raw data with fMRIPrep",
    "smriprep": "it holds anatomy only; preprocess the raw data with fMRIPrep",
    "qsiprep": "it holds diffusion images; preprocess the BOLD of the raw data with fMRIPrep",
    "gradshift": "it holds results; give the dataset that they were made from",
}
"""By part of the lower-case name of a pipeline, what to do with its output."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an index holds, summed up.

    Parameters
    ----------
    makers : tuple of str
        Names and versions of the pipelines in ``GeneratedBy``.
    spaces, descs, suffixes : frozenset of str
        Of everything beside the BOLD files.
    preprocessed : tuple of IndexedFile
        BOLD images with ``desc-preproc``.
    surfaces : frozenset of str
        Spaces of CIFTI and GIFTI series.
    more : frozenset of str
        Parts of names that are no entity of BIDS.
    others : frozenset of str
        Other desc of BOLD images in a standard space.
    """

    makers: tuple[str, ...] = ()
    spaces: frozenset[str] = frozenset()
    descs: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    preprocessed: tuple[IndexedFile, ...] = ()
    surfaces: frozenset[str] = frozenset()
    more: frozenset[str] = field(default_factory=frozenset)
    others: frozenset[str] = frozenset()


def evidence(files: Sequence[IndexedFile], makers: Iterable[str]) -> Evidence:
    """Sum up an index."""
    series = [file for file in files if file.suffix == "bold"]
    images = [file for file in series if file.extension in (".nii.gz", ".nii")]

    def values(key: str, among: Iterable[IndexedFile]) -> frozenset[str]:
        return frozenset(file.entities[key] for file in among if key in file.entities)

    return Evidence(
        makers=tuple(makers),
        spaces=values("space", images),
        descs=values("desc", files),
        suffixes=frozenset(file.suffix for file in files),
        preprocessed=tuple(file for file in images if file.entities.get("desc") == "preproc"),
        surfaces=values("space", (file for file in series if file.extension in SURFACES)),
        more=frozenset(part.partition("-")[0] for file in files for part in file.more),
        others=values(
            "desc",
            (f for f in images if f.entities.get("space", NATIVE[0]) not in NATIVE and not f.more),
        )
        - {"preproc"},
    )


def diagnose(files: Evidence, root: Path) -> str:
    """Say in one sentence why there is no BOLD image in a standard space, and what to do."""
    made = f" (made by {', '.join(files.makers)})" if files.makers else ""
    here = f"{shown(root)}{made}"
    if remedy := remedy_for(files.makers):
        return f"{here} is no fMRIPrep output: {remedy}."
    again = f"run fMRIPrep again on the same output with --output-spaces {STANDARD}"
    for sentence in (_by_echo(files, here), _native(files, here, again), _others(files, here)):
        if sentence:
            return sentence
    if files.surfaces:
        readable = [space for space in SURFACE_SPACES if space in files.surfaces]
        options = " or ".join(f"--space {space}" for space in readable)
        use = f"give {options} to use it, or for volumes " if readable else ""
        return (
            f"{here} has BOLD on surfaces only (CIFTI or GIFTI in {_listed(files.surfaces)}): "
            f"{use}{again}."
        )
    if {"boldref", "xfm"} & files.suffixes:
        return (
            f"{here} has references and transforms of BOLD and no preprocessed series: fMRIPrep "
            "ran with --level minimal or resampling; run it again on the same output with --level "
            f"full --output-spaces {STANDARD}."
        )
    return (
        f"There is no preprocessed BOLD file in a standard space "
        f"(*_space-*_desc-preproc_bold.nii.gz) in {here}: {again}."
    )


def _by_echo(files: Evidence, here: str) -> str:
    echoes = {f.entities["echo"] for f in files.preprocessed if "echo" in f.entities}
    if tedana := sorted(files.descs & set(TEDANA)):
        return (
            f"{here} has no desc-preproc BOLD in a standard space, but images as tedana writes "
            f"them (desc-{', desc-'.join(tedana)}): choose one with a --bids-filter-file such as "
            f'{{"bold": {{"desc": "{tedana[0]}"}}}}.'
        )
    if echoes and all("echo" in file.entities for file in files.preprocessed):
        return (
            f"{here} has single echoes only (echo-{', echo-'.join(sorted(echoes))}), and no "
            "combination of them in a standard space: run fMRIPrep without --me-output-echos, or "
            f"with --output-spaces {STANDARD}; one echo in a standard space is chosen with a "
            '--bids-filter-file such as {"bold": {"echo": 1}}.'
        )
    return ""


def _native(files: Evidence, here: str, again: str) -> str:
    spaces = {file.entities.get("space", "the scanner") for file in files.preprocessed}
    if not spaces:
        return ""
    if spaces <= {*NATIVE, "the scanner"}:
        return (
            f"{here} has BOLD in the space of each person only ({_listed(spaces)}), and people "
            f"are compared in a standard one: {again}."
        )
    return ""


def _others(files: Evidence, here: str) -> str:
    if {"feature", "setting"} & files.more:
        return f"{here} has the names of HALFpipe: {REMEDIES['halfpipe']}."
    if "template" in files.spaces:
        return f"{here} has the names of C-PAC (space-template): {REMEDIES['cpac']}."
    if files.others:
        first = min(files.others)
        return (
            f"{here} has no desc-preproc BOLD in a standard space, but desc-"
            f"{', desc-'.join(sorted(files.others))}: choose one with a --bids-filter-file such "
            f'as {{"bold": {{"desc": "{first}"}}}}, or, if it is denoised already, give the '
            "folder with --derivatives denoised=PATH."
        )
    return ""


def remedy_for(makers: Sequence[str]) -> str:
    """Return what to do with the output of a pipeline that is known."""
    names = [maker.lower() for maker in makers]
    if any("fmriprep" in name for name in names):
        return ""
    return next((text for part, text in REMEDIES.items() for n in names if part in n), "")


def _listed(names: Iterable[str], most: int = 8) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:most]) + (" ..." if len(ordered) > most else "")
