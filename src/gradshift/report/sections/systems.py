"""Structures beyond the cortex: whether the thalamus coupled more with sensory networks."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import read_tsv
from gradshift.core.cortex.regions import LOW, SYSTEMS
from gradshift.group.contrasts import Contrast
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, p_value, signed
from gradshift.report.section import Builder, Section
from gradshift.report.verdicts import is_significant
from gradshift.report.words import listed, network

WEAK = 0.5
"""Of the signal of the cortex: a structure with less than this share is warned of."""


def build(results: GroupResults) -> Section | None:
    """Show the connectivity of structures beyond the cortex with networks."""
    rows = [row for row in results.rows if row.family == "system" and results.is_headline(row)]
    if not rows:
        return None
    return Section(
        title=_title(rows),
        table="contrasts.tsv",
        lead=[*_thalamus(rows, results.alpha), *_others(rows, results.alpha), *_weak(results)],
        heads=["structure", "network", "n", f"{results.tested.mean} (Fisher z)", "g", "p",
               "family-wise p", "corrected for the page"],
        rows=[
            [*_names(row), row.n, row.mean_change, row.hedges_g, row.p, row.p_fwe, row.p_page]
            for row in rows
        ],
        note="Family system: every structure with every network, corrected together.",
    )  # fmt: skip


def _title(rows: Sequence[Contrast]) -> str:
    """Ask of the thalamus, or of what the atlas has instead."""
    systems = list(dict.fromkeys(_pair(row)[0] for row in rows))
    if "Thalamus" in systems:
        return "Did the thalamus couple more with sensory networks?"
    return f"Did {listed([f'the {name.lower()}' for name in systems])} couple otherwise?"


def _pair(row: Contrast) -> tuple[str, str]:
    """Return structure and network of a label."""
    names = row.label.split("-")
    system = next(name for name in names if name in SYSTEMS)
    return system, next(name for name in names if name != system)


def _names(row: Contrast) -> tuple[str, str]:
    system, other = _pair(row)
    return system.lower(), network(other)


def _is_asked(row: Contrast) -> bool:
    """Tell whether a row is of the thalamus with a sensory network."""
    system, other = _pair(row)
    return system == "Thalamus" and other in LOW


def _thalamus(rows: Sequence[Contrast], alpha: float) -> list[str]:
    """Answer the question of the thalamus and the sensory networks."""
    asked = [row for row in rows if _is_asked(row)]
    tested = [row for row in asked if math.isfinite(row.p_fwe)]
    if not tested:
        return ["Nothing of the thalamus could be tested."] if asked else []
    changed = [row for row in tested if is_significant(row, alpha)]
    if not changed:
        return [f"Undecided: {'; '.join(_said(row, alpha) for row in tested)}."]
    rose = all(row.mean_change > 0 for row in changed)
    fell = all(row.mean_change < 0 for row in changed)
    answer = "Yes" if rose else "No: the opposite" if fell else "More with some, less with others"
    return [f"{answer}: {'; '.join(_said(row, alpha) for row in tested)}."]


def _others(rows: Sequence[Contrast], alpha: float) -> list[str]:
    """Name what else changed."""
    others = [row for row in rows if is_significant(row, alpha) and not _is_asked(row)]
    first = not any(map(_is_asked, rows))
    if not others:
        return [f"Nothing {'' if first else 'else '}in the family changed after correction."]
    return [f"{'Yes' if first else 'Also'}: {'; '.join(_said(row, alpha) for row in others)}."]


def _said(row: Contrast, alpha: float) -> str:
    system, other = _names(row)
    return (
        f"{system} with {other} {signed(row.mean_change)} (family-wise p "
        f"{p_value(row.p_fwe, alpha)})"
    )


def _weak(results: GroupResults) -> list[str]:
    """Warn of structures whose signal to noise in time is far below that of the cortex."""
    regions = results.regions
    if regions is None:
        return []
    systems = dict(zip(regions.names, regions.systems, strict=True))
    networks = dict(zip(regions.names, regions.networks, strict=True))
    tables = [read_tsv(path) for path in _coverage(results)]
    if not tables:
        return []
    every = pd.concat(tables)
    every["tsnr"] = pd.to_numeric(every["tsnr"], errors="coerce")
    cortex = every[every["name"].map(lambda name: bool(networks.get(name)))]["tsnr"].median()
    weak = []
    for system in SYSTEMS:
        own = every[every["name"].map(lambda name, s=system: systems.get(name) == s)]["tsnr"]
        ratio = own.median() / cortex
        if np.isfinite(ratio) and ratio < WEAK:
            weak.append(f"{system.lower()} ({number(100 * ratio)} %)")
    if not weak:
        return []
    return [
        f"Caution: the temporal signal-to-noise ratio of {', '.join(weak)} is below half of that "
        "of the cortex; a change there may be one of noise."
    ]


def _coverage(results: GroupResults) -> list[Path]:
    """List the tables of coverage of the primary atlas."""
    paths = [
        outputs.coverage_path(results.output_dir, entities, result.atlas_entities)
        for result in results.sources
        if (result.modality, result.atlas, result.recipe)
        == ("func", results.atlas, results.recipe)
        for entities in result.runs
    ]
    return [path for path in paths if path.exists()]


SECTION = Builder(name="systems", rank=5, build=build)
