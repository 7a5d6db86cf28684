"""What is found by itself: all of a folder, and no name twice."""

import sys

import pytest

from gradshift.core.folders import found_in


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of modules that each define THING, with the names given."""

    def make(**names):
        folder = tmp_path / "things"
        folder.mkdir()
        (folder / "__init__.py").touch()
        for module, name in names.items():
            text = f"from types import SimpleNamespace\nTHING = SimpleNamespace(name={name!r})\n"
            (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return "things", [str(folder)]

    yield make
    for name in [name for name in sys.modules if name.split(".")[0] == "things"]:
        del sys.modules[name]


def test_every_module_is_found_in_the_order_of_names(package):
    assert list(found_in(*package(one="zeta", two="alpha", three="mu"), "THING")) == [
        "alpha",
        "mu",
        "zeta",
    ]


def test_the_same_name_twice_is_an_error(package):
    with pytest.raises(ValueError, match=r"modules of things are named alpha\."):
        found_in(*package(one="alpha", two="alpha"), "THING")
