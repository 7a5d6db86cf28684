"""The digest of code changes with all that the code reaches, and with nothing else."""

import pytest

from gradshift.output import code


@pytest.fixture
def package(tmp_path):
    files = {
        "__init__": "",
        "start": "from lab.near import near\nimport json\n",
        "near": "def near():\n    from lab import (\n        far,  # late\n    )\n",
        "far": "VALUE = 1\n",
        "beside": "VALUE = 1\n",
    }
    folder = tmp_path / "lab"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def digest(package):
    code._read.cache_clear()
    return code.digest([package / "start.py"], {"lab": package})


@pytest.mark.parametrize(
    ("name", "reached"), [("start", True), ("near", True), ("far", True), ("beside", False)]
)
def test_a_change_counts_where_it_is_reached(package, name, reached):
    before = digest(package)
    path = package / f"{name}.py"
    path.write_text(path.read_text() + "OTHER = 2\n")
    assert (digest(package) != before) is reached


def test_the_place_of_a_package_does_not_count(package):
    before = digest(package)
    elsewhere = package.rename(package.with_name("elsewhere"))
    assert code.digest([elsewhere / "start.py"], {"lab": elsewhere}) == before
