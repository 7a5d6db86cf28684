"""The methods text while people are worked on: no process reads what others wrote."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gradshift import __version__
from gradshift.bids.collect import SessionResult, find_results
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import sidecar
from gradshift.bids.write import write_json
from gradshift.errors import GradshiftError, MissingInputError
from gradshift.levels.pages import write_words
from gradshift.output import record
from gradshift.output.identity import digest


def renew_citation(output_dir: Path, people: Sequence[str]) -> None:
    """Write the methods text where results of these people need words that it does not have.

    The first result of each kind is remembered: results of one kind are told in the same words.
    What takes the results of everybody, such as the number of sessions, the group level fills in.

    Parameters
    ----------
    output_dir : Path
    people : sequence of str
        With prefix.
    """
    kinds: dict[str, Path] = {}
    for result in _results(output_dir, people):
        kinds[_kind(result)] = min(kinds.get(_kind(result), result.path), result.path)
    text = output_dir / "logs" / "CITATION.md"

    def is_told() -> bool:
        known = _known(output_dir)
        return text.exists() and all(
            kind in known and output_dir / known[kind] <= path for kind, path in kinds.items()
        )

    if is_told():
        return
    with record.shared(output_dir, is_told) as is_needed:
        if not is_needed:
            return
        known = {kind: output_dir / name for kind, name in _known(output_dir).items()}
        known = {kind: path for kind, path in known.items() if path.exists()}
        every = {
            kind: min(found[kind] for found in (kinds, known) if kind in found)
            for kind in {**known, **kinds}
        }
        names = {kind: path.relative_to(output_dir).as_posix() for kind, path in every.items()}
        write_json(_path(output_dir), names)
        paths = sorted(set(every.values()))
        results = [SessionResult(path, read_json(sidecar(path))) for path in paths]
        write_words(output_dir, results)


def _results(output_dir: Path, people: Sequence[str]) -> Iterator[SessionResult]:
    for person in people:
        try:
            yield from find_results(output_dir, person)
        except MissingInputError:
            continue


def _kind(result: SessionResult) -> str:
    """Return what is the same in results that are told in the same words."""
    tracer = {key: value for key, value in result.about.items() if key.startswith("Tracer")}
    return digest(
        [__version__, result.modality, result.atlas_entities, result.recipe, result.measures,
         result.about.get("Estimator"), result.about.get("DenoisingRecipe"), tracer]
    )  # fmt: skip


def _known(output_dir: Path) -> Mapping[str, str]:
    """Read a result of each kind that is told; none where nothing is."""
    try:
        return read_json(_path(output_dir))
    except GradshiftError:
        return {}


def _path(output_dir: Path) -> Path:
    return output_dir / "logs" / "methods.json"
