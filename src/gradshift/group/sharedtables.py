"""What the group level of a study left, as far as a pooled analysis reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.rows import read_rows
from gradshift.errors import InputError, MissingInputError
from gradshift.group.contrasts import Contrast
from gradshift.group.personrows import Person
from gradshift.output import provenance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StudyTables:
    """What the group level of one study left.

    Parameters
    ----------
    folder : Path
        Of its group level.
    name : str
    """

    folder: Path
    name: str

    @classmethod
    def find(cls, output: Path) -> "StudyTables":
        """Find the tables in an output, or in the folder of one of its comparisons.

        Raises
        ------
        MissingInputError
            If there are none.
        """
        for folder in (output, output / "group"):
            if (folder / "contrasts.tsv").exists():
                return cls(folder, output.name)
        raise MissingInputError(
            f"There is no group/contrasts.tsv in {output}; run the group level of that study."
        )

    @cached_property
    def about(self) -> dict[str, object]:
        """What the sidecar of the contrasts says."""
        return dict(read_json(self.folder / "contrasts.json"))

    @cached_property
    def dataset(self) -> str:
        """Name of the study in its own words; empty where it has none."""
        known = provenance.read(self.folder.parent)
        return str(known.dataset.get("Name", "")) if known else ""

    @cached_property
    def rows(self) -> list[Contrast]:
        """Results of the main question, primary atlas and recipe, as the study asked it first.

        Scores are left out: another study may have them in other units.
        """
        rows = read_rows(self.folder / "contrasts.tsv", Contrast)
        if not rows:
            raise InputError(f"{self.folder / 'contrasts.tsv'} has no results.")
        first = (rows[0].contrast, rows[0].effect, rows[0].covariates)
        atlas, recipe = self.about.get("PrimaryAtlas"), self.about.get("PrimaryRecipe")
        return [
            row
            for row in rows
            if (row.contrast, row.effect, row.covariates) == first
            and row.modality != "score"
            and (row.modality != "func" or (row.atlas, row.recipe) == (atlas, recipe))
        ]

    @cached_property
    def tasks(self) -> list[str]:
        """Tasks of BOLD."""
        return sorted({row.task for row in self.rows if row.modality == "func"})

    @cached_property
    def persons(self) -> list[Person]:
        """Changes of single people, where they are shared."""
        path = self.folder / "persons.tsv"
        return read_rows(path, Person) if path.exists() else []

    def covariance(self, task: str, family: str, values: Sequence[str]) -> Array | None:
        """Return the covariances of these values of a family; None where one is missing."""
        path = self.folder / "covariances.npz"
        if not path.exists():
            return None
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                name = f"{task or self.tasks[0]}/{family}" if self.tasks else ""
                if f"{name}/values" not in arrays:
                    return None
                known = arrays[f"{name}/values"].tolist()
                matrix = np.asarray(arrays[f"{name}/covariance"], dtype=np.float64)
        except (ValueError, OSError, KeyError, EOFError, BadZipFile) as error:
            raise InputError(
                f"{path} is no file of covariances as the group level writes it; copy it again, "
                "or run the group level of that study again."
            ) from error
        if not set(values) <= set(known):
            return None
        at = [known.index(value) for value in values]
        return matrix[np.ix_(at, at)]


def check_alike(studies: Sequence[StudyTables]) -> None:
    """Refuse studies whose values do not mean the same.

    Raises
    ------
    InputError
        If primary atlases or recipes, or the kind of the main effect, differ.
    """
    for key, what in (("PrimaryAtlas", "atlas"), ("PrimaryRecipe", "recipe")):
        names = {study.name: str(study.about.get(key)) for study in studies}
        if len(set(names.values())) > 1:
            raise InputError(
                f"The studies have different primary {what}s: "
                f"{', '.join(f'{name} {value}' for name, value in names.items())}. Run the group "
                f"level of each with the same first {what}."
            )
    effects = {study.name: study.rows[0].effect for study in studies}
    if len(set(effects.values())) > 1:
        raise InputError(
            "The studies ask different questions first: "
            f"{', '.join(f'{name} {value}' for name, value in effects.items())}. Their sizes are "
            "not of one kind."
        )
