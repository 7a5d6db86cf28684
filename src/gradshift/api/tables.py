"""What an OUTPUT_DIR holds, as tables of pandas."""

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from gradshift.bids import outputs
from gradshift.bids.collect import (
    SessionResult,
    find_results,
    read_array,
    read_matrix,
    read_measures,
)
from gradshift.bids.collect import read_regions as regions_of
from gradshift.bids.columnar import read_columns
from gradshift.bids.dataset import read_json
from gradshift.errors import MissingInputError, did_you_mean
from gradshift.output import record


class Tables:
    """The tables, matrices and series in an OUTPUT_DIR.

    Parameters
    ----------
    output_dir : path

    Raises
    ------
    MissingInputError
        If there is no result of the participant level.
    """

    def __init__(self, output_dir: str | PathLike[str]) -> None:
        self.path = Path(output_dir).resolve()
        self._named = str(output_dir)
        self._results = find_results(self.path)

    def __repr__(self) -> str:
        people = {result.participant for result in self._results}
        level = "participant and group" if self._has_group else "participant"
        return f"<gradshift output {self._named}: {len(people)} participants, {level} level>"

    @property
    def _has_group(self) -> bool:
        return (self.path / "group" / "contrasts.tsv").exists()

    @cached_property
    def sessions(self) -> pd.DataFrame:
        """A row per session, task, atlas and recipe, whether it has values, and what is retained.

        Columns: ``participant_id session_id modality task run atlas recipe excluded`` (the
        reason, empty where there are values), ``minutes`` and ``mean_fd`` (mm) of the retained
        volumes; NaN where there are none.
        """
        return pd.DataFrame([_row(result) for result in self._results])

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Every value of every person and session, tidy, as `group/measures.tsv` has it.

        The gradients are aligned to each other there. Where the group level was not run they
        are those of the participant level, aligned to the reference of the atlas.
        """
        values = (
            read_columns(self._of_group("measures.npz"))
            if self._has_group
            else read_measures(self._results)
        )
        texts = [name for name in values.columns if name != "value"]
        return values.astype(dict.fromkeys(texts, str)).replace("n/a", pd.NA)

    @property
    def contrasts(self) -> pd.DataFrame:
        """Every comparison of the group level, tidy, as `group/contrasts.tsv` has it."""
        return self.table("contrasts")

    @property
    def coupling(self) -> pd.DataFrame:
        """Correlations of the changes of two modalities, from `group/coupling.tsv`."""
        return self.table("coupling")

    @property
    def participants(self) -> pd.DataFrame:
        """Who is compared, who is not and why, from `group/participants.tsv`."""
        return self.table("participants")

    @property
    def persons(self) -> pd.DataFrame:
        """The change of every person with its own error, from `group/persons.tsv`."""
        return self.table("persons")

    @cached_property
    def limits(self) -> dict[str, Any]:
        """How much can be claimed, from `group/limits.json`."""
        return dict(read_json(self._of_group("limits.json")))

    def table(self, name: str) -> pd.DataFrame:
        """Read a table of the group level.

        Parameters
        ----------
        name : str
            Of the file, without ``.tsv``, such as ``robustness``.

        Returns
        -------
        DataFrame
            ``n/a`` is missing; the JSON file beside it says what the columns are.

        Raises
        ------
        MissingInputError
            If there is none.
        """
        path = self._of_group(f"{name}.tsv")
        return pd.read_csv(path, sep="\t", na_values=["n/a"], keep_default_na=False)

    def _of_group(self, name: str) -> Path:
        path = self.path / "group" / name
        if not path.exists():
            present = sorted(p.name for p in path.parent.glob("[a-z]*.*") if "_" not in p.name)
            raise MissingInputError(
                f"There is no {path}; there is {', '.join(present)}."
                if present
                else f"There is no {path}; run the group level first."
            )
        return path

    def matrix(
        self,
        sub: str,
        ses: str,
        atlas: str | None = None,
        recipe: str | None = None,
        task: str | None = None,
    ) -> pd.DataFrame:
        """Read the connectivity of a session: r of all pairs, names of regions on both sides.

        Parameters
        ----------
        sub, ses : str
            With or without prefix.
        atlas, recipe, task : str, optional
            The primary ones, and the first task, if not given.

        Raises
        ------
        MissingInputError
            If there is no such session, or it was left out.
        """
        result = self.result(sub, ses, atlas, recipe, task)
        names, values = read_matrix(result.matrix_path(self.path))
        return pd.DataFrame(values, index=pd.Index(names, name="region"), columns=names)

    def series(
        self,
        sub: str,
        ses: str,
        atlas: str | None = None,
        recipe: str | None = None,
        task: str | None = None,
    ) -> pd.DataFrame:
        """Read the denoised series of a session: retained volumes x regions.

        The index is the number of the volume in its run, from 0; ``attrs["RepetitionTime"]`` is
        in seconds. Parameters and errors are those of `matrix`.
        """
        result = self.result(sub, ses, atlas, recipe, task)
        path = result.series_path(self.path)
        sidecar = read_json(outputs.sidecar(path))
        names = regions_of(self.path, result).names
        volumes = pd.Index(sidecar["RetainedVolumes"], name="volume")
        table = pd.DataFrame(read_array(path), index=volumes, columns=list(names))
        table.attrs["RepetitionTime"] = sidecar["RepetitionTime"]
        return table

    def regions(self, atlas: str | None = None) -> pd.DataFrame:
        """Read the regions of an atlas as they were used, in their order.

        Columns: ``network`` and ``hemisphere`` (empty for none), ``x y z`` (centre in mm).
        """
        name = atlas or self.primary[0]
        result = next((one for one in self._results if one.atlas == name), None)
        if result is None:
            raise MissingInputError(_not_there("atlas", name, {r.atlas for r in self._results}))
        regions = regions_of(self.path, result)
        table = pd.DataFrame(regions.centroids, columns=["x", "y", "z"])
        table.insert(0, "network", regions.networks)
        table.insert(1, "hemisphere", regions.hemispheres)
        table.index = pd.Index(regions.names, name="region")
        return table

    @cached_property
    def primary(self) -> tuple[str, str]:
        """Atlas and recipe that were named first."""
        recorded = record.read(self.path).get("participant", {})
        bold = [result for result in self._results if result.modality == "func"]
        atlas = recorded.get("atlas") or [one.atlas for one in self._results]
        recipe = recorded.get("denoise") or [one.recipe for one in bold or self._results]
        return str(atlas[0]), str(recipe[0])

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Baseline and follow-up of the group level, with prefix; empty where it was not run."""
        if not self._has_group:
            return ()
        sidecar = read_json(self._of_group("contrasts.json"))
        return tuple(str(sidecar[name]) for name in ("Baseline", "Followup") if name in sidecar)

    def result(
        self,
        sub: str,
        ses: str,
        atlas: str | None = None,
        recipe: str | None = None,
        task: str | None = None,
    ) -> SessionResult:
        """Find the results of one session, with the paths of its files.

        Parameters and errors are those of `matrix`.
        """
        left: Sequence[SessionResult] = [one for one in self._results if one.modality == "func"]
        wanted = (
            ("participant", f"sub-{sub.removeprefix('sub-')}"),
            ("session", ses if ses == "n/a" else f"ses-{ses.removeprefix('ses-')}"),
            ("atlas", atlas or self.primary[0]),
            ("recipe", recipe or self.primary[1]),
            ("task", task or (left[0].task if left else "")),
        )
        for what, name in wanted:
            present = {str(getattr(one, what)) for one in left}
            left = [one for one in left if getattr(one, what) == name]
            if not left:
                raise MissingInputError(_not_there(what, name, present))
        if left[0].excluded:
            raise MissingInputError(f"{sub} {ses} was left out: {left[0].excluded}")
        return left[0]


def _row(result: SessionResult) -> dict[str, object]:
    has_volumes = result.modality == "func" and not result.excluded
    return {
        "participant_id": result.participant,
        "session_id": result.session,
        "modality": result.modality,
        "task": result.task,
        "run": result.run,
        "atlas": result.atlas,
        "recipe": result.recipe,
        "excluded": result.excluded,
        "minutes": result.minutes if has_volumes else None,
        "mean_fd": result.mean_fd if has_volumes else None,
    }


def _not_there(what: str, name: str, present: set[str]) -> str:
    listed = f"there is {', '.join(sorted(present))}" if present else "there is no fMRI result"
    return f"There is no {what} {name}{did_you_mean(name, present)} in these results; {listed}."
