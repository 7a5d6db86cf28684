"""Datasets that results come from, and files in them, as BIDS URIs name them."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gradshift.bids.dataset import describe, find_bold, find_kinetics, find_petprep
from gradshift.bids.doors import ready_made
from gradshift.errors import GradshiftError, MissingInputError
from gradshift.settings import Settings

RAW = "raw"
"""The dataset that was given, where it is none of the preprocessed ones."""


@dataclass(frozen=True)
class Links:
    """The datasets that an output comes from.

    Parameters
    ----------
    output_dir : Path
    folders : mapping of str to Path
        By the name that URIs call them: ``raw``, ``fmriprep`` or the door used, ``petprep``,
        ``kinetics``.
    """

    output_dir: Path
    folders: Mapping[str, Path]

    @classmethod
    def of(cls, settings: Settings) -> "Links":
        """Find the datasets of a study."""
        given = settings.inputs.derivatives
        folders: dict[str, Path] = {}
        with suppress(MissingInputError):  # a study of PET or spectroscopy alone has none
            door = ready_made(given)
            folders[door.name if door else "fmriprep"] = find_bold(
                settings.bids_dir, given, validate=not settings.inputs.skip_bids_validation
            )
        for name, find in (("petprep", find_petprep), ("kinetics", find_kinetics)):
            if (folder := find(settings.bids_dir, given)) is not None:
                folders[name] = folder
        if settings.bids_dir not in folders.values():
            folders[RAW] = settings.bids_dir
        return cls(settings.output_dir, folders)

    def uri(self, path: Path) -> str:
        """Name a file by the innermost dataset that holds it; one outside by its name."""
        within = [name for name, folder in self.folders.items() if path.is_relative_to(folder)]
        if not within:
            return path.name
        name = max(within, key=lambda name: len(self.folders[name].parts))
        return f"bids:{name}:{_quoted(path.relative_to(self.folders[name]))}"

    def targets(self) -> dict[str, str]:
        """Say where the datasets lie from the output, as ``DatasetLinks`` wants it."""
        return {
            name: _quoted(Path(os.path.relpath(folder, self.output_dir)))
            for name, folder in self.folders.items()
        }

    def sources(self) -> list[dict[str, str]]:
        """List the datasets that have a DOI, as ``SourceDatasets`` wants it."""
        given = [_text(folder, "DatasetDOI") for folder in self.folders.values()]
        dois = [text.removeprefix("doi:").removeprefix("https://doi.org/") for text in given]
        return [
            {"DOI": doi, "URL": f"https://doi.org/{doi}"} for doi in dict.fromkeys(dois) if doi
        ]

    def licence(self) -> str:
        """Return the licence of the source datasets; empty where they have none, or several."""
        given = {text for folder in self.folders.values() if (text := _text(folder, "License"))}
        return given.pop() if len(given) == 1 else ""


def _quoted(path: Path) -> str:
    return quote(os.fsencode(path.as_posix()))


def _text(folder: Path, key: str) -> str:
    try:
        value = (describe(folder) or {}).get(key)
    except GradshiftError:  # said where the dataset is read
        return ""
    return value.strip() if isinstance(value, str) else ""
