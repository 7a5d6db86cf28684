"""Maps that explain: which of those that were given go with the changes."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gradshift.bids.rows import read_rows
from gradshift.figures.forest import Effect, forest
from gradshift.group.maprows import MapRow
from gradshift.report import words
from gradshift.report.grouped import GroupResults
from gradshift.report.numbers import number, p_value
from gradshift.report.pages import Picture, picture
from gradshift.report.saving import save
from gradshift.report.section import Builder, Section


def build(results: GroupResults) -> Section | None:
    """Show how far changes of regions go with maps, within people and on the cortex."""
    path = results.folder / "maps.tsv"
    rows = read_rows(path, MapRow) if path.exists() else []
    within = [row for row in rows if row.scope == "within-people"]
    if not within:
        return None
    spun = _of_scope(rows, "group-maps-spin")
    beyond = _of_scope(rows, "group-maps-variogram")
    below = ["correlation beyond the cortex", "family-wise p (surrogates)"] if beyond else []
    return Section(
        title="Maps that explain the changes",
        table="maps.tsv",
        lead=[
            *_lead(
                [(row, spun[_key(row)]) for row in within], results.alpha, results.directions
            ),
            *_beyond(within, beyond, results.alpha),
        ],
        heads=["measure", "map", "n", "regions", "mean correlation within people", "interval",
               "family-wise p", "correlation of mean maps", "family-wise p (rotations)", *below],
        rows=[
            [
                _name(row), row.map, row.n, row.n_regions, row.estimate,
                f"{number(row.ci_low)} to {number(row.ci_high)}", row.p_fwe,
                spun[_key(row)].estimate, spun[_key(row)].p_fwe,
                *_numbers(beyond.get(_key(row)), len(below)),
            ]
            for row in within
        ],
        note=(
            "Spearman correlations over regions. Within people: tested over people, and so for "
            "people in general; but a pattern of change that all share goes with many maps. Of "
            "mean maps: against rotations of the cortex (cortical regions only), and beyond the "
            "cortex against surrogates of the map, which tell whether the map is any closer than "
            "others as smooth. p are corrected for all "
            "measures and maps."
        ),
        pictures=[_picture(results, within)],
    )  # fmt: skip


Key = tuple[str, str, str]
"""Task, measure and map of a row."""


def _key(row: MapRow) -> Key:
    return row.task, row.measure, row.map


def _of_scope(rows: Sequence[MapRow], scope: str) -> dict[Key, MapRow]:
    return {_key(row): row for row in rows if row.scope == scope}


def _numbers(row: MapRow | None, n: int) -> list[float]:
    """Return correlation and p of a row; as many gaps where there is none."""
    return [row.estimate, row.p_fwe] if row else [math.nan] * n


def _beyond(within: Sequence[MapRow], beyond: Mapping[Key, MapRow], alpha: float) -> list[str]:
    """Say which maps go with the changes beyond the cortex, too."""
    tested = [row for row in within if _key(row) in beyond]
    if not any(math.isfinite(beyond[_key(row)].p_fwe) for row in tested):
        return []
    alike = [row for row in tested if row.p_fwe <= alpha and beyond[_key(row)].p_fwe <= alpha]
    names = ", ".join(f"{_name(row)} with {row.map}" for row in alike)
    return [
        f"Beyond the cortex, alike in all people and closer than surrogates: {names or 'none'}."
    ]


def _name(row: MapRow) -> str:
    return words.measure(row.measure) + ("" if row.task == "n/a" else f" ({row.task})")


def _more(up: bool, directions: tuple[str, str]) -> str:
    """Say that a value goes one way more, or the other less."""
    one, other = directions if up else directions[::-1]
    if directions[0] == "rose":
        return f"{one} more, or {other} less,"
    return f"was {one}, or less {other.partition(' ')[0]},"


def _lead(
    pairs: list[tuple[MapRow, MapRow]], alpha: float, directions: tuple[str, str]
) -> list[str]:
    """Say which maps go with the changes: within people, and closer than rotated maps."""
    both = [row for row, spun in pairs if row.p_fwe <= alpha and spun.p_fwe <= alpha]
    one = [row for row, spun in pairs if row.p_fwe <= alpha and not spun.p_fwe <= alpha]
    if not both:
        sentence = (
            f"None of {len(pairs)} pairs of a measure and a map is alike both within people and "
            "against rotated maps, after correction for all of them."
        )
        return [sentence, *_only(one)]
    listed = [
        f"{_name(row)} {_more(row.estimate > 0, directions)} "
        f"where the map {row.map} is high (mean correlation {number(row.estimate)}, family-wise p "
        f"{p_value(row.p_fwe, alpha)})"
        for row in sorted(both, key=lambda row: row.p_fwe)
    ]
    return [f"Exploratory: {'; '.join(listed)}.", *_only(one)]


def _only(rows: list[MapRow]) -> list[str]:
    """Say which pairs go together within people, but no more than rotated maps would."""
    if not rows:
        return []
    names = ", ".join(f"{_name(row)} with {row.map}" for row in rows)
    return [f"Alike in all people, but not closer than rotated maps, or not tested so: {names}."]


def _picture(results: GroupResults, within: list[MapRow]) -> Picture:
    """Draw the mean correlations with their intervals."""
    drawn = {
        f"{_name(row)}, {row.map}": [Effect(row.estimate, row.ci_low, row.ci_high)]
        for row in within
        if np.isfinite(row.estimate)
    }
    figure = forest(drawn, [""], label="Spearman correlation over regions, 95 % interval")
    path = save(figure, results.folder / "figures" / "maps.svg")
    caption = "Mean correlation over regions of people's changes with each map."
    return picture(path, results.folder, caption, caption, ("maps.tsv",))


SECTION = Builder(name="maps", rank=30, build=build)
