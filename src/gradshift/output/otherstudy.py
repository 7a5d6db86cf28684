"""Another study of the same name: its images show what its description does not."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from gradshift.bids.content import content_of
from gradshift.bids.dataset import describe, read_json
from gradshift.errors import GradshiftError, SettingsError


def check(output_dir: Path, links: Mapping[str, str], images: Sequence[tuple[str, Path]]) -> None:
    """Refuse images that have the names of those the results come from, and other content.

    Studies are called alike (all that fMRIPrep writes has one name), and so are their people.
    One image that is as it was shows that the study is the same. If all differ, these people
    were preprocessed again, or the images are those of other people: the first is believed of
    one person whose dataset lies where it lay.

    Parameters
    ----------
    output_dir : Path
    links : mapping of str to str
        Where the datasets lie from the output.
    images : sequence of (str, Path)
        Participants, with prefix, and their images.

    Raises
    ------
    SettingsError
    """
    differing: dict[str, Path] = {}
    for person, group in groupby(images, key=lambda image: image[0]):
        known = _contents(output_dir / person)
        for _, path in group:
            if path.name in known:
                if known[path.name] == content_of(path):
                    return
                differing.setdefault(person, path)
    moved = (describe(output_dir) or {}).get("DatasetLinks") != dict(links)
    if differing and (moved or len(differing) > 1):
        person, path = next(iter(differing.items()))
        raise SettingsError(
            f"{output_dir} holds results of another dataset of the same name: none of the "
            f"images that its results of {', '.join(differing)} come from is that of this "
            f"dataset (such as {path}). Use another OUTPUT_DIR, or --overwrite to replace the "
            "results that are there."
        )


def _contents(folder: Path) -> dict[str, str]:
    """Return what tells the images apart that the results of a person come from, by name."""
    known: dict[str, str] = {}
    for path in sorted(folder.glob("**/func/*_measures.json")):
        with suppress(GradshiftError):  # damaged: made again by this run
            contents = read_json(path).get("SourceContents")
            known |= contents if isinstance(contents, dict) else {}
    return known
