"""PET that was fitted by others: finished tables and maps."""

from pathlib import Path

import numpy as np
from nipype.interfaces.base import traits
from numpy.typing import NDArray

from gradshift.bids.kinpar import read_finished
from gradshift.bids.pet import MODELS
from gradshift.core.kinetics import models
from gradshift.errors import InputError
from gradshift.images.header import VolumeHeader, read_header
from gradshift.participant.nodes.atlas import read_regions
from gradshift.participant.nodes.petrecords import ScanRecord
from gradshift.participant.nodes.petsource import SourceSpec, SourceStep, image_means, plain_name

Array = NDArray[np.float64]


class _Spec(SourceSpec):
    models = traits.List(traits.Str, desc="what each source is of")
    columns = traits.Any(desc="columns of tables, our name to theirs")
    known = traits.List(traits.Str, desc="names of all models: a change must be seen")


class FinishedPet(SourceStep):
    """Finished values of the regions of one PET scan; a `ScanRecord`."""

    input_spec = _Spec
    may_fail = True

    def compute(self) -> ScanRecord:
        """Read the values of all models."""
        if self.inputs.problem:
            raise InputError(self.inputs.problem)
        facts = self.facts()
        values: list[dict[str, Array]] = [{} for _ in self.inputs.atlases]
        reasons: list[dict[str, str]] = [{} for _ in self.inputs.atlases]
        for source, model in zip(self.inputs.sources, self.inputs.models, strict=True):
            if self.inputs.kind == "maps":
                self._read_map(Path(source), model, values, reasons)
            else:
                self._read_table(Path(source), model, values, reasons)
        return ScanRecord(facts=facts, reasons=tuple(reasons), finished=tuple(values))

    def _read_map(
        self, path: Path, model: str, values: list[dict[str, Array]], reasons: list[dict[str, str]]
    ) -> None:
        header = read_header(path, single=True)
        if header.n_volumes > 1:
            raise InputError(f"{path.name} has {header.n_volumes} volumes, not one.")
        self._insist_on_grid(path, header)
        mask, atlases = self.grid(header)
        regions, _ = image_means(header, atlases, mask)
        of_atlases = [means.means[0] for means in regions]
        for i, why in enumerate(self.uncovered(regions, of_atlases)):
            values[i][model] = of_atlases[i]
            reasons[i] |= why

    def _insist_on_grid(self, path: Path, header: VolumeHeader) -> None:
        first = read_header(self.source, single=True)
        if header.shape != first.shape or not np.allclose(header.affine, first.affine):
            raise InputError(
                f"{path.name} lies on another grid than {self.source.name}; choose "
                "one grid with --bids-filter-file."
            )

    def _read_table(
        self, path: Path, named: str, values: list[dict[str, Array]], reasons: list[dict[str, str]]
    ) -> None:
        known = {name: name for name in models()}
        known |= {meas: ours for (of, meas), ours in MODELS.items() if of == named.lower()}
        table = read_finished(path, self.inputs.columns, known)
        position = {plain_name(name): i for i, name in enumerate(table["region"])}
        for i, atlas in enumerate(self.inputs.atlases):
            names = read_regions(atlas).names
            at = np.array([position.get(plain_name(name), -1) for name in names])
            for model in table.columns[1:]:
                if model in values[i]:
                    raise InputError(f"{path.name} has {model}, as a table before it has.")
                column = table[model].to_numpy(dtype=np.float64)[at]
                values[i][model] = np.where(at < 0, np.nan, column)
            reasons[i] |= {
                name: f"not in {path.name}" for name, k in zip(names, at, strict=True) if k < 0
            }
