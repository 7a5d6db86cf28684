"""What was used of one participant: sessions and scans, their runs and the coverage."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.audit import differences
from gradshift.bids.collect import SessionResult, read_tsv
from gradshift.bids.dataset import read_json
from gradshift.bids.facts import Entities
from gradshift.core.cortex.regions import Regions
from gradshift.report import words
from gradshift.report.pages import Picture, picture
from gradshift.report.personresults import Person, motion_name, run_label, session_label
from gradshift.report.quality import run_start

Facts = list[tuple[str, str]]
"""What a page says of a session: a name, and a text."""


@dataclass(frozen=True, kw_only=True)
class NetworkCoverage:
    """The coverage of the regions of one network in one run.

    Parameters
    ----------
    network : str
        In words.
    n, n_lost : int
        Regions, and those without a value.
    least, tsnr : float
        The least coverage, and the median temporal signal-to-noise ratio.
    """

    network: str
    n: int
    n_lost: int
    least: float
    tsnr: float


@dataclass(frozen=True, kw_only=True)
class RunSection:
    """One run: the figure of its motion, links to its tables, and its coverage.

    Parameters
    ----------
    label, start : str
        In words, and as ``--exclude`` takes it.
    picture : Picture or None
    quality, coverage : str
        Tables, relative to the page; empty where there are none.
    networks : list of NetworkCoverage
    """

    label: str
    start: str
    picture: Picture | None
    quality: str
    coverage: str
    networks: list[NetworkCoverage]


@dataclass(frozen=True, kw_only=True)
class SessionSection:
    """One session of BOLD.

    Parameters
    ----------
    label, excluded, space : str
    sources : sequence of str
    runs : list of RunSection
    warnings : list of str
    facts : list of (name, text)
    kept : pair of int or None
        Volumes retained, and all.
    """

    label: str
    excluded: str
    sources: list[str]
    space: str
    runs: list[RunSection]
    warnings: list[str]
    facts: Facts
    kept: tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class ScanSection:
    """One session of PET or spectroscopy."""

    label: str
    excluded: str
    warnings: list[str]
    facts: Facts


def scan_section(result: SessionResult) -> ScanSection:
    """Say what was used of one session of PET or spectroscopy."""
    facts = [("files", ", ".join(result.sources))]
    facts += [("tracer", f"{one.name}: {one.words}") for one in words.tracers([result.about])]
    if reference := result.reference_region:
        facts.append(("reference region", words.SETS.get(reference, reference)))
    if efflux := result.efflux:
        facts.append(("k2'", f"{efflux.k2prime:.3g} {efflux.unit} ({efflux.origin})"))
    return ScanSection(
        label=f"{session_label(result)}, {result.modality.upper()}",
        excluded=result.excluded,
        warnings=list(result.warnings),
        facts=facts,
    )


def session_section(person: Person, result: SessionResult) -> SessionSection:
    """Say what was used of one session of BOLD."""
    used = not result.excluded
    return SessionSection(
        label=session_label(result),
        excluded=result.excluded,
        sources=list(result.sources),
        space=result.space,
        runs=[_run(person, entities, result) for entities in result.runs],
        warnings=_warnings(person, result) if used else [],
        facts=_facts(result) if used else [],
        kept=_kept(result) if used else None,
    )


def _kept(result: SessionResult) -> tuple[int, int] | None:
    n_retained, n_volumes = result.n_retained, result.n_volumes
    return None if n_retained is None or n_volumes is None else (n_retained, n_volumes)


def _facts(result: SessionResult) -> Facts:
    regressors = ", ".join(str(len(names)) for names in result.regressors) or "none"
    if result.gives in ("series", "matrix") or result.degrees_of_freedom is None:
        regressors = "not known: another program denoised"
    common = f"the first {result.n_common} volumes"
    return [
        ("repetition time", "not known" if result.tr is None else f"{result.tr:g} s"),
        ("retained", _retained(result)),
        ("used where length matters", "the matrix" if result.gives == "matrix" else common),
        ("mean FD", _millimetres(result.mean_fd)),
        ("mean FD, retained volumes", _millimetres(result.mean_fd_retained)),
        *_filtered(result),
        ("regressors", regressors),
        ("degrees of freedom left", _whole(result.degrees_of_freedom)),
    ]


def _filtered(result: SessionResult) -> Facts:
    """Say which motion was filtered, and how much there was before."""
    if result.mean_fd_unfiltered is None:
        return []
    before = _millimetres(result.mean_fd_unfiltered)
    how = result.motion_filter or "filter of the program that denoised"
    return [("mean FD, motion not filtered", f"{before} ({how} in all others)")]


def _retained(result: SessionResult) -> str:
    if result.minutes is None:
        return "not known"
    return f"{result.n_retained} of {result.n_volumes} volumes, {result.minutes:.1f} min"


def _whole(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f}"


def _warnings(person: Person, result: SessionResult) -> list[str]:
    warnings = list(result.warnings)
    series = read_json(outputs.sidecar(result.series_path(person.output_dir)))
    if left_out := series["RegionsLeftOut"]:
        reasons = ", ".join(f"{name} ({why})" for name, why in left_out.items())
        warnings.append(f"{len(left_out)} regions are n/a: {reasons}.")
    if lost := result.left_out_of_gradients:
        warnings.append(f"Left out of the gradients for dropout: {', '.join(lost)}.")
    acquired = [run for one in person.primary if one.task == result.task for run in one.acquired]
    warnings += [row.sentence for row in differences(acquired) if row.bears_on_numbers]
    return warnings


def _millimetres(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f} mm"


def _run(person: Person, entities: Entities, result: SessionResult) -> RunSection:
    """Collect the figure of motion and the coverage of one run."""
    label = run_label(entities)
    name = motion_name(entities)
    shown = None
    places = "vertices" if result.gives == "vertices" else "voxels"
    if (person.figures / name).exists():
        shown = picture(
            person.figures / name,
            person.output_dir,
            f"Framewise displacement and DVARS of {label} over time with the volumes left out "
            f"shaded, and the signal of a sample of {places} before and after cleaning.",
            f"{label}: framewise displacement and DVARS, volumes left out shaded; below, a sample "
            f"of {places} before and after cleaning ({result.recipe}); the bands beside it say "
            "where they lie.",
        )
    quality = outputs.quality_path(person.output_dir, entities)
    coverage = outputs.coverage_path(person.output_dir, entities, result.atlas_entities)
    return RunSection(
        label=label,
        start=run_start(entities),
        picture=shown,
        quality=person.link(quality) if quality.exists() else "",
        coverage=person.link(coverage) if coverage.exists() else "",
        networks=_networks(coverage, person.regions) if coverage.exists() else [],
    )


def _networks(path: Path, regions: Regions | None) -> list[NetworkCoverage]:
    """Sum up the coverage of the regions by network."""
    table = read_tsv(path)
    networks = dict(zip(regions.names, regions.networks, strict=True)) if regions else {}
    table["network"] = [networks.get(name) or "other" for name in table["name"]]
    table["coverage"] = pd.to_numeric(table["coverage"], errors="coerce")
    table["tsnr"] = pd.to_numeric(table["tsnr"], errors="coerce")
    return [
        NetworkCoverage(
            network=words.network(str(network)),
            n=len(rows),
            n_lost=int((rows["status"] != "ok").sum()),
            least=float(rows["coverage"].min()),
            tsnr=float(rows["tsnr"].median()),
        )
        for network, rows in table.groupby("network", sort=False)
    ]
