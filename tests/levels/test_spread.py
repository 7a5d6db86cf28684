"""Heavy results of the group level computed elsewhere: the same bytes, whoever computes them."""

import subprocess
import sys
from collections import Counter
from unittest.mock import patch

import numpy as np
import pytest

from finished import finish
from gradshift.group.pieces import Piece, pieces
from gradshift.levels import spread as module

WORDS = ("--baseline", "pre", "--followup", "post", "--n-permutations", "50", "--quiet")
PEOPLE = tuple(f"{number:02d}" for number in range(1, 25))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    made = finish(
        tmp_path_factory.mktemp("spread"),
        dict.fromkeys(PEOPLE, ("pre", "post")),
        together=lambda sub, ses: 1.0 if ses == "pre" else 0.3,
        recipes=("24P", "36P"),
    )
    assert made.group(*WORDS) == 0
    return made


def plugin(tmp_path, name):
    path = tmp_path / "plugin.yml"
    path.write_text(f"plugin: {name}\nplugin_args: {{n_procs: 2}}\n")
    return str(path)


def files(study):
    folder = study.out / "group"
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def computed(monkeypatch):
    """Count the results that steps handed over, by kind."""
    counts = Counter()
    hand = Piece.hand

    def note(piece, study, key, result):
        counts[piece.compute.__name__] += 1
        hand(piece, study, key, result)

    monkeypatch.setattr(Piece, "hand", note)
    return counts


@pytest.mark.parametrize("name", ["Linear", "MultiProc"])
def test_what_steps_compute_is_what_one_process_computes(study, tmp_path, computed, name):
    expected = files(study)
    assert study.group(*WORDS, "--use-plugin", plugin(tmp_path, name)) == 0
    found = files(study)
    assert [n for n in {**expected, **found} if expected.get(n) != found.get(n)] == []
    assert computed["tested_edges"] == computed["comparisons"] == 2
    assert computed["compared_otherwise"] > 0
    assert set(computed) <= set(pieces())
    assert not list((study.out / "work").glob("steps_*/group-*"))


def test_a_step_that_fails_is_done_again_here(study, tmp_path, computed, capsys):
    expected = files(study)
    run = module.ComputePiece._run_interface

    def fail(step, runtime):
        if step.inputs.name == "tested_edges":
            raise RuntimeError("the node died")
        return run(step, runtime)

    with patch.object(module.ComputePiece, "_run_interface", fail):
        assert study.group(*WORDS[:-1], "--use-plugin", plugin(tmp_path, "Linear")) == 0
    assert "2 of " in capsys.readouterr().err
    assert files(study) == expected
    assert computed["tested_edges"] == 0


def test_results_survive_the_way_from_another_process(tmp_path):
    from gradshift.core.contrasts import Comparison, compare
    from gradshift.running.packing import packed, unpacked

    rng = np.random.default_rng(1)
    before, after = rng.standard_normal((2, 7, 3))
    made = compare(before, after, n_permutations=50, seed=1, confidence=0.95, smallest_effect=0.5)
    path = tmp_path / "piece.npz"
    path.write_bytes(packed([made, made]))
    for read in unpacked(path, list[Comparison]):
        for name in Comparison.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
    path.write_bytes(packed(None))
    assert unpacked(path, Comparison | None) is None


def test_steps_find_what_options_name_from_where_the_command_was_given(
    study, tmp_path, computed, monkeypatch
):
    (tmp_path / "own.json").write_text('{"ours": [["withinfc", "network", "*"]]}')
    monkeypatch.chdir(tmp_path)
    words = (*WORDS, "--families", "own.json", "--comparison", "ours")
    assert study.group(*words, "--use-plugin", plugin(tmp_path, "MultiProc")) == 0
    assert computed["comparisons"] == 2
    families = study.table("contrasts.tsv", folder="group-ours")["family"]
    assert (families == "ours").sum() > 0


def test_a_process_that_starts_afresh_knows_every_kind_of_result():
    words = "from gradshift.levels import piecestep; print(*sorted(piecestep.pieces()))"
    told = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == sorted(pieces())
    assert {"tested_edges", "comparisons", "tested_voxels", "couplings"} <= set(pieces())
