"""Studies that are called alike, in one output."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradshift.bids.content import content_of
from gradshift.errors import SettingsError
from gradshift.output.otherstudy import check

HERE, ELSEWHERE = {"raw": "../study"}, {"raw": "../other"}


def image(folder: Path, person: str, session: str, content: str) -> tuple[str, Path]:
    path = folder / f"{person}_{session}_bold.nii.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{content} of {person} {session}, which ends the file")
    return person, path


def write_results(out: Path, images: list[tuple[str, Path]]) -> None:
    """Write what the check reads of an output."""
    out.mkdir()
    (out / "dataset_description.json").write_text(json.dumps({"DatasetLinks": HERE}))
    for number, (person, path) in enumerate(images):
        folder = out / person / f"ses-{number}" / "func"
        folder.mkdir(parents=True)
        about = {"SourceContents": {path.name: content_of(path)}}
        (folder / f"{person}_ses-{number}_measures.json").write_text(json.dumps(about))


PEOPLE = [("sub-01", "pre"), ("sub-01", "post"), ("sub-02", "pre"), ("sub-02", "post")]
REFUSED, FINE = pytest.raises(SettingsError, match="another dataset"), nullcontext()


@pytest.mark.parametrize(
    ("people", "same", "links", "expected"),
    [
        (2, (), HERE, REFUSED),
        (2, (), ELSEWHERE, REFUSED),
        (1, (), ELSEWHERE, REFUSED),
        (1, (), HERE, FINE),  # one person was preprocessed again
        (2, (3,), HERE, FINE),
        (2, (3,), ELSEWHERE, FINE),  # the study grew, was mended, and moved
        (1, (0, 1), ELSEWHERE, FINE),
    ],
)
def test_images_tell_whether_it_is_the_same_study(tmp_path, people, same, links, expected):
    first = [image(tmp_path / "a", *who, "old") for who in PEOPLE]
    now = [
        image(tmp_path / "b", *who, "old" if number in same else "brand new")
        for number, who in enumerate(PEOPLE[: 2 * people])
    ]
    write_results(tmp_path / "out", first)
    with expected:
        check(tmp_path / "out", links, now)


def test_other_people_and_damaged_sidecars_are_no_contradiction(tmp_path):
    write_results(tmp_path / "out", [image(tmp_path / "a", *who, "old") for who in PEOPLE[:2]])
    check(tmp_path / "out", ELSEWHERE, [image(tmp_path / "b", *PEOPLE[2], "new")])
    for path in (tmp_path / "out").rglob("*_measures.json"):
        path.write_text("{")
    check(tmp_path / "out", ELSEWHERE, [image(tmp_path / "b", *PEOPLE[0], "new")])
    check(tmp_path / "not-there", ELSEWHERE, [image(tmp_path / "b", *PEOPLE[0], "new")])
