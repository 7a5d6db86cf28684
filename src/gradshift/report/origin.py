"""Where the results on a page are from: dataset, preprocessing, runs of gradshift."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gradshift import settings as schema
from gradshift.output import provenance
from gradshift.output.identity import Identity

UNTOLD = frozenset({"nprocs", "omp_nthreads", "mem", "verbose"})
"""Options that change no number and that nobody needs to repeat."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of gradshift: its level, when it started, and its command."""

    level: str
    when: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the results of an output are from.

    Parameters
    ----------
    dataset : str
        Name of the study; empty where it has none.
    made_by : list of str
        Programs that preprocessed it, with their versions.
    runs : list of Ran
        The last run of each level that had a hand in what is shown.
    """

    dataset: str
    made_by: list[str]
    runs: list[Ran]

    def title(self, text: str) -> str:
        """Put the name of the study in front of the title of a page."""
        return f"{self.dataset}: {text}" if self.dataset else text


def origin(output_dir: Path, group: Path | None = None) -> Origin:
    """Read where the results of an output are from.

    Parameters
    ----------
    output_dir : Path
    group : Path, optional
        Folder of the comparison that is shown; any of them if not given.
    """
    known = provenance.read(output_dir)
    derivatives = known.derivatives.values() if known else ()
    datasets = [dataset for every in derivatives for dataset in every]
    return Origin(
        dataset=known.dataset.get("Name", "") if known else "",
        made_by=list(dict.fromkeys(maker for one in datasets for maker in _makers(one))),
        runs=list(_runs(output_dir / "logs", group)),
    )


def _makers(dataset: Identity) -> Iterator[str]:
    for maker in dataset.get("GeneratedBy", ()):
        yield " ".join(str(maker[key]) for key in ("Name", "Version") if key in maker)


def _runs(logs: Path, group: Path | None) -> Iterator[Ran]:
    """Tell of the last run of each level; a copy that a power cut damaged tells nothing."""
    for level in ("participant", "group"):
        for path in sorted(logs.glob(f"*_{level}.toml"), reverse=True):
            with suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):
                text = path.read_text(encoding="utf-8")
                given = tomllib.loads(text)
                shown = schema.Group(comparison=given.get("comparison")).folder
                if level == "participant" or group is None or group.name == shown:
                    yield Ran(level, _when(path), _command(text, given))
                    break


def _when(path: Path) -> str:
    """Read when a run started from the name of its settings."""
    when = datetime.strptime(path.stem.partition("_")[0], "%Y%m%d-%H%M%S")
    return f"{when:%Y-%m-%d %H:%M}"


def _command(text: str, given: Mapping[str, object]) -> str:
    """Put together what a run was asked for."""
    start = text.partition("\n")[0].removeprefix("# ")
    usual = schema.defaults()
    options = [
        f"{schema.flag(name)} {schema.shown(value)}"
        for key, value in given.items()
        if (name := key.replace("-", "_")) not in UNTOLD and value != usual.get(name)
    ]
    return " ".join([start, *options])
