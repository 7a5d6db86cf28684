"""What labs get wrong: a clear sentence, the right code, and everything else unharmed."""

import re
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from badinput import CASES, attempt, results, write_good

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return write_good(tmp_path_factory.mktemp("good"))


IDENTITY = re.compile(
    rb'"AtlasImageDigest": "\w+"|"Fmriprep": "[^"]*",\s*|"SourceDerivatives": \[.*?\n  \]',
    re.DOTALL,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_named_and_harms_nothing_else(case, good, tmp_path):
    study, out = good
    with open_folder(tmp_path, everybody=case.other_user) as folder:
        seen = attempt(case, study, out, folder / "case")
    assert "Traceback" not in seen.told
    assert (seen.code, seen.crashes) == (case.code, []), seen.told
    assert seen.sentence(case.says), seen.told
    check_results(case, seen.results, results(out))


@contextmanager
def open_folder(private, *, everybody):
    """Give a folder; the private ones of pytest are closed to other users."""
    if not everybody:
        yield private
        return
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def check_results(case, found, expected):
    """Compare all results that the case must not touch with those of the good study.

    The digest of an image is that of its file, however its labels are stored; a derivative
    without a description has another identity.
    """
    level = "sub-" if case.level == "participant" else "group"
    found = {name: content for name, content in found.items() if name.startswith(level)}
    if case.code > 1:
        assert found == {}
        return
    expected = {name: content for name, content in expected.items() if name.startswith(level)}
    for name, content in expected.items():
        if case.spoilt and name.startswith(case.spoilt):
            continue
        # What the sessions of a person have in common changes with any of them.
        shared = case.spoilt and name.startswith(case.spoilt.split("/")[0])
        if not shared or name.endswith(("_timeseries.tsv", "_relmat.tsv")):
            one, other = (IDENTITY.sub(b"", text) for text in (found[name], content))
            assert one == other, name
    if case.reason:
        (table,) = [
            c for n, c in found.items() if n.startswith(case.spoilt) and "measures.tsv" in n
        ]
        rows = [line.split("\t") for line in table.decode().splitlines()[1:]]
        assert rows
        assert {row[9] for row in rows} == {"n/a"}
        assert all(re.search(case.says, row[11]) for row in rows)


def test_the_document_holds_what_was_seen_of_every_case():
    """Made by tools/make_reliability.py."""
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| .* \| (participant|group) \| ", line)
    ]
    assert [row[0] for row in rows] == [case.name for case in CASES]
    for case, (_, level, expected, seen) in zip(CASES, rows, strict=True):
        code, _, sentence = seen.partition(": ")
        assert (level, int(code)) == (case.level, case.code)
        assert expected.startswith(f"{case.code}: ")
        assert re.search(case.says, sentence.replace("\\|", "|").replace("&lt;", "<"))
