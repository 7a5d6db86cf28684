"""PET scans with the regions they have values of, and the models that they allow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gradshift.atlases.catalogue import Atlas, available, load_atlas
from gradshift.bids import outputs
from gradshift.bids.kinpar import table_names
from gradshift.bids.pet import SCHAEFER
from gradshift.bids.petscan import PetScan
from gradshift.core.cortex.regions import Regions
from gradshift.errors import reason
from gradshift.participant.asked import Asked
from gradshift.participant.nodes.atlas import keep_labels, keep_named, keep_regions, read_atlas
from gradshift.participant.nodes.petsource import plain_name
from gradshift.settings import Settings, columns


@dataclass(frozen=True, kw_only=True)
class Source:
    """A scan with the regions it has values of.

    Parameters
    ----------
    scan : PetScan
    atlases : tuple of Path
        Regions, as the nodes read them.
    labels : tuple of Path
        Their labels on the grid of an image.
    """

    scan: PetScan
    atlases: tuple[Path, ...]
    labels: tuple[Path, ...] = ()

    @property
    def recipe(self) -> str:
        """Partial volume correction, as the tables have it."""
        return self.scan.pvc or "n/a"

    def targets(self) -> Iterator[outputs.Target]:
        """Yield what is written, one per atlas."""
        for path in self.atlases:
            entities = read_atlas(path).entities
            yield outputs.Target(entities=self.scan.entities, atlas=entities, recipe=self.recipe)


def workflow_name(scan: PetScan) -> str:
    """Name the part of the graph that a scan belongs to: its person and correction."""
    return f"sub_{scan.entities['sub']}_pet" + (f"_{scan.pvc}" if scan.pvc else "")


def place(scan: PetScan, asked: Asked) -> Source:
    """Find the regions of a scan and keep them where the nodes read them.

    What hinders that is the problem of the scan.
    """
    try:
        return _place(scan, asked)
    except Exception as error:  # of this scan, whatever it is
        return _place(replace(scan, problem=scan.problem or reason(error)), asked)


def _place(scan: PetScan, asked: Asked) -> Source:
    kept, atlases, settings = asked.atlas_dir, asked.atlases, asked.settings
    spaces = [scan.entities["space"]] if scan.on_grid and not scan.problem else []
    names: list[str] = []
    if not scan.on_grid and not scan.problem:
        names = _names(scan, settings)
    atlas = _atlas_of(scan.seg, names, atlases)
    if scan.on_grid or scan.problem or atlas is not None:
        return Source(
            scan=scan,
            atlases=tuple(
                keep_regions(a, spaces, settings.analysis, kept)
                for a in ([atlas] if atlas is not None else atlases)
            ),
            labels=tuple(
                keep_labels(a, scan.entities["space"], scan.shape, scan.affine, kept)
                for a in (atlases if scan.on_grid and not scan.problem else ())
            ),
        )
    regions = Regions(
        names=tuple(names),
        networks=("",) * len(names),
        hemispheres=("",) * len(names),
        centroids=np.full((len(names), 3), np.nan),
    )
    seg = "".join(letter for letter in scan.seg if letter.isalnum()) or "regions"
    return Source(scan=scan, atlases=(keep_named(seg, {"seg": seg}, regions, kept),))


def _names(scan: PetScan, settings: Settings) -> list[str]:
    """List the regions of tables, each once."""
    given = columns(settings.inputs.pet_columns)
    return list(
        dict.fromkeys(
            name for path in scan.sources for name in table_names(path, scan.kind, given)
        )
    )


def _atlas_of(seg: str, names: Sequence[str], atlases: Sequence[Atlas]) -> Atlas | None:
    """Tell which atlas the regions of a table belong to: by its name, or by most of theirs."""
    names_of_table = {plain_name(name) for name in names}
    candidates = list(atlases)
    if (named := SCHAEFER.fullmatch(seg)) is not None:
        name = f"Schaefer2018_{named[1]}_{named[2]}"
        candidates += [load_atlas(name)] if name in available() else []
    for atlas in candidates:
        of_atlas = {plain_name(row.name) for row in atlas.rows}
        if len(of_atlas & names_of_table) > len(of_atlas) / 2:
            return atlas
    return None
