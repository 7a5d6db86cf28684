"""The page of one participant: what was found and used, and what came out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids import outputs
from gradshift.bids.collect import (
    SessionResult,
    find_results,
    read_matrix,
    read_tsv,
    read_vertices,
)
from gradshift.bids.dataset import read_json
from gradshift.core.cortex.regions import Regions
from gradshift.figures.curves import Curve, curves
from gradshift.figures.matrices import matrices
from gradshift.figures.motion import motion
from gradshift.figures.scatter import gradient_plane
from gradshift.figures.slices import slices
from gradshift.figures.style import SEQUENTIAL, symmetric_limit
from gradshift.report import words
from gradshift.report.bibliography import known
from gradshift.report.cortex import on_cortex
from gradshift.report.methods import citations, paragraphs
from gradshift.report.pages import Picture, hover, picture, save, write_page
from gradshift.report.results import read_regions, what_was_used
from gradshift.report.wording import EXPLORATORY, QUESTIONS

Carpets = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Voxels of one run over time, before and after cleaning."""

LISTED_LEVELS = ("whole", "set", "network", "network-pair")
"""Levels of the values that the page lists; those of single regions are in the tables."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One participant's results as the page sees them.

    Parameters
    ----------
    output_dir : Path
    participant : str
        With prefix.
    atlas, recipe : str
        The primary ones, which the figures show.
    sessions : sequence of str
        With prefix, in the order of time as far as it is known; others follow.
    """

    output_dir: Path
    participant: str
    atlas: str
    recipe: str
    sessions: Sequence[str] = ()

    @cached_property
    def results(self) -> list[SessionResult]:
        """All results, in the order of the sessions."""
        found = find_results(self.output_dir, self.participant)
        rank = {session: i for i, session in enumerate(self.sessions)}
        return sorted(found, key=lambda r: (r.task, rank.get(r.session, len(rank)), r.run))

    @property
    def everything(self) -> list[SessionResult]:
        """All results of BOLD."""
        return [result for result in self.results if result.modality == "func"]

    @property
    def molecules(self) -> list[SessionResult]:
        """Results of PET, of the primary atlas where it has such, and of spectroscopy."""
        there = [r.atlas for r in self.results if r.modality == "pet"]
        atlas = self.atlas if self.atlas in there or not there else there[0]
        return [r for r in self.results if r.modality != "func" and r.atlas in (atlas, "n/a")]

    @cached_property
    def primary(self) -> list[SessionResult]:
        """Those of the primary atlas and recipe."""
        return [r for r in self.everything if (r.atlas, r.recipe) == (self.atlas, self.recipe)]

    @cached_property
    def regions(self) -> Regions | None:
        """Regions of the primary atlas."""
        return read_regions(self.output_dir, self.results, self.atlas)

    @property
    def tasks(self) -> list[str]:
        """Tasks with results, each once."""
        return list(dict.fromkeys(result.task for result in self.everything))

    def usable(self, task: str) -> list[SessionResult]:
        """Return the primary results of a task that were not left out."""
        return [r for r in self.primary if r.task == task and not r.excluded]

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.output_dir / self.participant / "figures"


def session_label(result: SessionResult) -> str:
    """Name the session of a result, and its run where runs were not joined."""
    parts = [result.session] if result.session != "n/a" else []
    parts += [f"run-{result.run}"] if result.run != "n/a" else []
    return " ".join(parts) or "the only session"


def run_label(entities: Mapping[str, str]) -> str:
    """Name a run by its session, task and run."""
    return " ".join(f"{k}-{entities[k]}" for k in ("ses", "task", "run") if k in entities)


def _stem(task: str) -> str:
    return "" if task == "n/a" else f"task-{task}_"


def _motion_name(entities: Mapping[str, str]) -> str:
    parts = [f"{k}-{v}" for k, v in entities.items() if k in ("ses", "task", "acq", "dir", "run")]
    return "_".join([*parts, "motion.png"])


def draw_motion(
    person: Person, entities: Mapping[str, str], threshold: float | None, carpets: Carpets | None
) -> None:
    """Draw the motion of one run, over the carpet if there is one.

    Parameters
    ----------
    person : Person
    entities : mapping of str to str
        Of the run.
    threshold : float or None
        Framewise displacement (mm) above which volumes were left out.
    carpets : pair of (T, V) array, or None
        If None, a figure that is there already is kept: only it may have the carpet.
    """
    path = person.figures / _motion_name(entities)
    quality = outputs.quality_path(person.output_dir, entities)
    if not quality.exists() or (carpets is None and path.exists()):
        return
    table = read_tsv(quality).apply(pd.to_numeric, errors="coerce")
    figure = motion(
        table["fd"].to_numpy(float),
        table["dvars"].to_numpy(float),
        table["kept"].to_numpy() == 1,
        title=run_label(entities),
        threshold=threshold,
        carpets=carpets,
    )
    save(figure, path)


def draw_task(person: Person, task: str) -> None:
    """Draw what the sessions of one task gave, from the tables."""
    results = person.usable(task)
    regions = person.regions
    if not results or regions is None:
        return
    stem = _stem(task)
    save(
        matrices(
            _matrices(person, results),
            regions.networks,
            unit="correlation",
            limit=1.0,
            names=words.network,
        ),
        person.figures / f"{stem}matrices.png",
    )
    vertices = read_vertices(person.output_dir, person.everything, person.atlas)
    coverage = _coverage_of_regions(person, results, regions)
    covered = on_cortex(
        coverage, vertices, unit="coverage", limits=(0, 1), colours=SEQUENTIAL
    ) if coverage else None  # fmt: skip
    if covered is not None:
        save(covered, person.figures / f"{stem}coverage.png")
    gradients = {session_label(r): _gradients(r, regions.names) for r in results}
    if any(np.isfinite(values[:, :2]).any() for values in gradients.values()):
        unit = "diffusion units"
        planes = {title: values[:, :2] for title, values in gradients.items()}
        save(
            gradient_plane(planes, regions.networks, unit=unit, names=words.network),
            person.figures / f"{stem}gradients.svg",
        )
        first = with_difference({title: values[:, 0] for title, values in gradients.items()})
        surface = on_cortex(first, vertices, unit=f"gradient 1 ({unit})")
        if surface is not None:
            save(surface, person.figures / f"{stem}cortex.png")
    _draw_seed(person, results, regions, stem)


def _matrices(person: Person, results: Sequence[SessionResult]) -> dict[str, NDArray[np.float64]]:
    """Read the connectivity of the sessions, with the difference."""
    found = {session_label(r): read_matrix(r.matrix_path(person.output_dir))[1] for r in results}
    return with_difference(found)


def _coverage_of_regions(
    person: Person, results: Sequence[SessionResult], regions: Regions
) -> dict[str, NDArray[np.float64]]:
    """Read the (R,) coverage of every session; the least of its runs."""
    found = {}
    for result in results:
        atlas = result.about["AtlasEntities"]
        paths = [
            outputs.coverage_path(person.output_dir, entities, atlas)
            for entities in result.about.get("Runs", ())
        ]
        tables = [read_tsv(path).set_index("name")["coverage"] for path in paths if path.exists()]
        if tables:
            least = pd.concat(tables, axis=1).apply(pd.to_numeric, errors="coerce").min(axis=1)
            found[session_label(result)] = least.reindex(list(regions.names)).to_numpy(float)
    return found


def _gradients(result: SessionResult, names: Sequence[str]) -> NDArray[np.float64]:
    """Read the (R, 2) first gradients from the table of measures."""
    table = read_tsv(result.path)
    chosen = table[
        (table["level"] == "region") & table["measure"].isin(["gradient1", "gradient2"])
    ]
    chosen = chosen.assign(value=pd.to_numeric(chosen["value"], errors="coerce"))
    wide = chosen.pivot_table(index="label", columns="measure", values="value", dropna=False)
    found = wide.reindex(index=list(names), columns=["gradient1", "gradient2"])
    return np.asarray(found, dtype=np.float64)


def with_difference(panels: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Add the last minus the first, if there are two or more."""
    titles = list(panels)
    if len(titles) < 2:
        return dict(panels)
    first, last = titles[0], titles[-1]
    return {**panels, f"{last} minus {first}": panels[last] - panels[first]}


def _draw_seed(
    person: Person, results: Sequence[SessionResult], regions: Regions, stem: str
) -> None:
    """Draw the maps of connectivity with the posterior cingulate, where all share a grid."""
    import nibabel

    members = regions.sets.get("PCC", ())
    paths = {
        session_label(r): outputs.map_path(
            person.output_dir,
            outputs.Target(
                entities=r.about["Entities"], atlas=r.about["AtlasEntities"], recipe=r.recipe
            ),
            "zpcc",
        )
        for r in results
    }
    if not members or not all(path.exists() for path in paths.values()):
        return
    images = {title: nibabel.load(path) for title, path in paths.items()}
    affines = [image.affine for image in images.values()]
    shapes = {image.shape for image in images.values()}
    if len(shapes) > 1 or not all(np.allclose(affines[0], affine) for affine in affines):
        return
    volumes = {title: np.asarray(image.dataobj, dtype=float) for title, image in images.items()}
    volumes = {title: np.where(v == 0, np.nan, v) for title, v in volumes.items()}
    middle = np.nanmean(regions.centroids[list(members)], axis=0)
    if not np.isfinite(middle).all():
        return
    save(
        slices(
            volumes,
            affines[0],
            through=(float(middle[0]), float(middle[1]), float(middle[2])),
            limit=symmetric_limit(*volumes.values()),
            unit="Fisher z",
        ),
        person.figures / f"{stem}seed.png",
    )


def draw_curves(output_dir: Path, result: SessionResult) -> None:
    """Draw the curves of a PET scan with those that the models fitted, from the tables.

    Shown are means over the cortex and over sets of regions, and the region that the first
    model misses by most. A scan without fitted curves has no figure.

    Parameters
    ----------
    output_dir : Path
    result : SessionResult
        Of PET.
    """
    target = result.target
    paths = {
        name: outputs.tacs_path(output_dir, target, name) for name in result.about["Measures"]
    }
    tables = {name: _activity(path) for name, path in paths.items() if path.exists()}
    regions = outputs.regions_path(output_dir, target.atlas)
    if result.excluded or not tables or not regions.exists():
        return
    about = outputs.regions_from(read_json(regions))
    minutes, names, measured = _activity(outputs.tacs_path(output_dir, target))
    fitted = {name: values for name, (_, _, values) in tables.items()}
    position = {name: i for i, name in enumerate(names)}
    groups = {
        "cortex": [position[n] for n, c in zip(about.names, about.cortical, strict=True) if c]
        or list(range(len(names))),
        "PCC": about.sets.get("PCC", ()),
        "ACC": about.anterior_cingulate,
    }
    away = np.sqrt(np.nanmean((measured - next(iter(fitted.values()))) ** 2, axis=0))
    if np.isfinite(away).any():
        worst = int(np.nanargmax(away))
        groups[f"largest misfit:\n{names[worst]}"] = [worst]
    panels = [
        Curve(
            title,
            _mean_curve(measured, group),
            {name: _mean_curve(values, group) for name, values in fitted.items()},
        )
        for title, group in groups.items()
        if len(group)
    ]
    entities = {k: v for k, v in target.entities.items() if k not in ("sub", "space")}
    pvc = {} if target.recipe == "n/a" else {"pvc": target.recipe}
    seg = "".join(target.atlas.values())
    parts = [f"{key}-{value}" for key, value in {**entities, **pvc}.items()]
    save(
        curves(minutes, panels, title=f"{session_label(result)}, {result.atlas}"),
        output_dir / result.participant / "figures" / "_".join([*parts, f"{seg}_curves.svg"]),
    )


def _activity(path: Path) -> tuple[NDArray[np.float64], list[str], NDArray[np.float64]]:
    """Read a table of curves: minutes in the middle of frames, regions, and (T, R) activity."""
    table = read_tsv(path).apply(pd.to_numeric, errors="coerce")
    times = table[["frame_start", "frame_end"]].to_numpy(float)
    values = table.drop(columns=["frame_start", "frame_end"])
    return times.mean(axis=1) / 60, list(values.columns), values.to_numpy(float)


def _mean_curve(values: NDArray[np.float64], group: Sequence[int]) -> NDArray[np.float64]:
    """Average the curves of the regions that have one; NaN where none has a value."""
    some = values[:, list(group)]
    there = np.isfinite(some)
    total = np.where(there, some, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)


def write_person_page(person: Person) -> Path:
    """Write the page of one participant from the tables and the figures there are."""
    methods = paragraphs(what_was_used(person.output_dir, person.results))
    about = {
        "title": f"{person.participant}: what was used and what came out",
        "person": person,
        "tasks": [_task(person, task) for task in person.tasks],
        "molecules": _molecules(person),
        "methods": methods,
        "references": known(citations(methods)),
        "logs": "logs",
        "exploratory": EXPLORATORY,
        "group": (person.output_dir / "group" / "index.html").exists(),
    }
    return write_page(person.output_dir / f"{person.participant}.html", "person.html", about)


def _task(person: Person, task: str) -> dict[str, Any]:
    primary = [r for r in person.primary if r.task == task]
    return {
        "name": task,
        "sessions": [_session(person, result) for result in primary],
        "pictures": dict(_pictures(person, task)),
        "values": _values(
            [r for r in person.everything if (r.task, r.atlas) == (task, person.atlas)],
            person.recipe,
        ),
        "titles": list(dict.fromkeys(session_label(r) for r in primary)),
        "tables": [_link(person, r.path) for r in person.everything if r.task == task],
    }


def _molecules(person: Person) -> dict[str, Any] | None:
    """Collect what the page says and shows of PET and spectroscopy; None without any."""
    results = person.molecules
    if not results:
        return None
    titles = list(dict.fromkeys(session_label(r) for r in results))
    rank = {title: i for i, title in enumerate(titles)}
    return {
        "sessions": [_scan(person, result) for result in results],
        "titles": titles,
        "values": _values(results, results[0].recipe),
        "tables": [_link(person, r.path) for r in results],
        "pictures": [
            picture(
                path,
                person.output_dir,
                "Time-activity curves of PET with the curves that the models fitted.",
                f"{path.stem.partition('_')[0]}: activity over time as measured (dots) and as "
                "the models fitted it (lines).",
            )
            for path in sorted(
                person.figures.glob("*curves.*"),
                key=lambda path: (rank.get(path.stem.partition("_")[0], len(rank)), path.name),
            )
        ],
    }


def _scan(person: Person, result: SessionResult) -> dict[str, Any]:
    """Say what was used of one session of PET or spectroscopy."""
    about = result.about
    facts = [("files", ", ".join(about["Sources"]))]
    if tracer := about["Entities"].get("trc"):
        facts.append(("tracer", tracer))
    if reference := about.get("ReferenceRegion"):
        facts.append(("reference region", words.SETS.get(reference, reference)))
    if about.get("k2prime"):
        source = about.get("k2primeFrom", "")
        facts.append(("k2'", f"{about['k2prime']:.3g} {about.get('k2primeUnits', '')} ({source})"))
    return {
        "label": f"{session_label(result)}, {result.modality.upper()}",
        "excluded": result.excluded,
        "warnings": list(about.get("Warnings", ())),
        "facts": facts,
    }


def _link(person: Person, path: Path) -> str:
    return path.relative_to(person.output_dir).as_posix()


def _session(person: Person, result: SessionResult) -> dict[str, Any]:
    """Collect what was found and used in one session."""
    about = result.about
    said = {
        "label": session_label(result),
        "excluded": result.excluded,
        "sources": about["Sources"],
        "space": about["Entities"].get("space", "n/a"),
        "table": _link(person, result.path),
        "warnings": [],
        "facts": [],
        "kept": None,
        "runs": [_run(person, entities, result) for entities in about.get("Runs", ())],
    }
    if result.excluded:
        return said
    series = read_json(outputs.sidecar(result.series_path(person.output_dir)))
    regressors = about["ConfoundRegressors"]
    said["kept"] = (about["NumberOfVolumesRetained"], about["NumberOfVolumes"])
    said["facts"] = [
        ("repetition time", f"{about['RepetitionTime']:g} s"),
        (
            "retained",
            f"{about['NumberOfVolumesRetained']} of {about['NumberOfVolumes']} volumes, "
            f"{about['MinutesRetained']:.1f} min",
        ),
        ("used where length matters", f"the first {about['NumberOfCommonVolumes']} volumes"),
        ("mean FD", _millimetres(about["MeanFramewiseDisplacement"])),
        ("mean FD, retained volumes", _millimetres(about["MeanFramewiseDisplacementRetained"])),
        ("regressors", ", ".join(str(len(names)) for names in regressors) or "none"),
        ("degrees of freedom left", f"{about['DegreesOfFreedom']:.0f}"),
    ]
    said["warnings"] = list(about["Warnings"])
    if left_out := series["RegionsLeftOut"]:
        told = ", ".join(f"{name} ({why})" for name, why in left_out.items())
        said["warnings"].append(f"{len(left_out)} regions are n/a: {told}.")
    if lost := about.get("RegionsLeftOutOfGradients"):
        said["warnings"].append(f"Left out of the gradients for dropout: {', '.join(lost)}.")
    return said


def _millimetres(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f} mm"


def _run(person: Person, entities: Mapping[str, str], result: SessionResult) -> dict[str, Any]:
    """Collect the figure of motion and the coverage of one run."""
    label = run_label(entities)
    name = _motion_name(entities)
    shown = None
    if (person.figures / name).exists():
        shown = picture(
            person.figures / name,
            person.output_dir,
            f"Framewise displacement and DVARS of {label} over time with the volumes left out "
            "shaded, and the signal of a sample of voxels before and after cleaning.",
            f"{label}: framewise displacement and DVARS, volumes left out shaded; below, a sample "
            f"of voxels before and after cleaning ({result.recipe}).",
        )
    quality = outputs.quality_path(person.output_dir, entities)
    coverage = outputs.coverage_path(person.output_dir, entities, result.about["AtlasEntities"])
    return {
        "label": label,
        "picture": shown,
        "quality": _link(person, quality) if quality.exists() else "",
        "coverage": _link(person, coverage) if coverage.exists() else "",
        "networks": _coverage(coverage, person.regions) if coverage.exists() else [],
    }


def _coverage(path: Path, regions: Regions | None) -> list[dict[str, Any]]:
    """Sum up the coverage of the regions by network."""
    table = read_tsv(path)
    networks = dict(zip(regions.names, regions.networks, strict=True)) if regions else {}
    table["network"] = [networks.get(name) or "other" for name in table["name"]]
    table["coverage"] = pd.to_numeric(table["coverage"], errors="coerce")
    table["tsnr"] = pd.to_numeric(table["tsnr"], errors="coerce")
    return [
        {
            "network": words.network(str(network)),
            "n": len(found),
            "n_lost": int((found["status"] != "ok").sum()),
            "least": float(found["coverage"].min()),
            "tsnr": float(found["tsnr"].median()),
        }
        for network, found in table.groupby("network", sort=False)
    ]


def _pictures(person: Person, task: str) -> Iterator[tuple[str, Picture]]:
    """List the figures of a task that are there."""
    stem = _stem(task)
    told = {
        "matrices": (
            "png",
            "Correlation matrices of the sessions and their difference, ordered by network.",
            f"Correlations of all regions ({person.atlas}, {person.recipe}), ordered by network; "
            "all panels on one scale.",
        ),
        "gradients": (
            "svg",
            "Regions in the plane of the first two gradients, coloured by network, per session.",
            "Regions in the plane of the first two gradients, aligned to the reference; a "
            "flattened hierarchy is narrower along gradient 1.",
        ),
        "coverage": (
            "png",
            "Share of every region that was inside the brain mask, on the inflated cortex, per "
            "session.",
            "Coverage: the share of every region that holds signal, on the inflated cortex "
            "(fsaverage5). Regions below the threshold are n/a everywhere.",
        ),
        "cortex": (
            "png",
            "The principal gradient on the inflated cortex, per session, and the difference.",
            "The principal gradient on the inflated cortex (fsaverage5), on one scale.",
        ),
        "seed": (
            "png",
            "Slices through the posterior cingulate cortex with its connectivity, per session.",
            "Connectivity with the posterior cingulate cortex, cut through it; left is left.",
        ),
    }
    for name, (kind, alt, caption) in told.items():
        if (person.figures / f"{stem}{name}.{kind}").exists():
            path = person.figures / f"{stem}{name}.{kind}"
            under = _hover(person, task, path) if name == "matrices" else ""
            yield name, picture(path, person.output_dir, alt, caption, hover=under)


def _hover(person: Person, task: str, path: Path) -> str:
    """Pack the correlations that the page tells under the pointer."""
    regions = person.regions
    if regions is None:
        return ""
    return hover(path, _matrices(person, person.usable(task)), regions.networks, regions.names)


def _values(results: Sequence[SessionResult], primary: str) -> list[dict[str, Any]]:
    """List values, a row per recipe and label; the primary recipe and the headlines come first."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    titles = list(dict.fromkeys(session_label(r) for r in results))
    for result in results:
        table = read_tsv(result.path)
        for row in table[table["level"].isin(LISTED_LEVELS)].to_dict("records"):
            key = tuple(row[name] for name in ("recipe", "measure", "level", "label"))
            kept = rows.setdefault(
                key,
                {
                    **row,
                    "words": words.measure(row["measure"]),
                    "where": words.label(row["level"], row["label"]),
                    "values": dict.fromkeys(titles, math.nan),
                    "remarks": {},
                },
            )
            value = float("nan") if row["value"] == "n/a" else float(row["value"])
            kept["values"][session_label(result)] = value
            if row["status"] != "ok":
                kept["remarks"].setdefault(row["status"], []).append(session_label(result))
    for kept in rows.values():
        kept["values"] = list(kept["values"].values())
        kept["difference"] = kept["values"][-1] - kept["values"][0]
        kept["remark"] = "; ".join(
            text if len(where) == len(titles) else f"{', '.join(where)}: {text}"
            for text, where in kept["remarks"].items()
        )
    headline = {asked.key for question in QUESTIONS for asked in question.asked}
    return sorted(
        rows.values(),
        key=lambda row: (
            row["recipe"] != primary,
            (row["measure"], row["level"], row["label"]) not in headline,
        ),
    )
