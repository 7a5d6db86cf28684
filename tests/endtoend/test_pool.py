"""Several studies in one model, from their tables alone."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from finished import finish
from gradshift.group import table
from gradshift.levels.pool import main

TABLES = ("participants", "persons", "contrasts", "covariances")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Two studies with an effect in the default mode, of seven people and of nine."""
    patch = pytest.MonkeyPatch()
    few = [part for part in table.parts() if part.name in TABLES]
    patch.setattr("gradshift.levels.group.parts", lambda: few)
    made = []
    for name, n in (("one", 7), ("two", 9)):
        people = [f"{name}{i}" for i in range(n)]
        root = tmp_path_factory.mktemp(name)
        study = finish(
            root,
            {sub: ["pre", "post"] for sub in people},
            together=lambda sub, ses: 0.4 if ses == "post" else 1.4,
        )
        assert study.group("--baseline", "pre") == 0
        made.append(study.out.rename(root / name))
    nothing = {"derivatives": {}, "atlases": {}, "recipes": {}}
    record = {"dataset": {"Name": "SIMULATED one"}, **nothing}
    (made[0] / "logs" / "provenance.json").write_text(json.dumps(record))
    patch.undo()
    return made


def read(folder, name="pooled.tsv"):
    return pd.read_csv(folder / name, sep="\t", na_values="n/a")


def default(frame, family="confirmatory"):
    if "covariates" in frame:
        frame = frame[frame["covariates"].isna()]
    (row,) = frame.query(
        "measure == 'withinfc' and label == 'Default' and family == @family"
    ).to_dict("records")
    return row


def test_two_studies_find_together_what_was_planted(outputs, tmp_path, capsys):
    assert main([*map(str, outputs), str(tmp_path / "pooled")]) == 0
    pooled = read(tmp_path / "pooled")
    row, each = default(pooled), [default(read(out / "group", "contrasts.tsv")) for out in outputs]
    v = np.array([one["se"] ** 2 for one in each])
    y = np.array([one["mean_change"] for one in each])
    fixed = (y / v).sum() / (1 / v).sum()
    q = ((y - fixed) ** 2 / v).sum()
    tau2 = max(0.0, (q - 1) / ((1 / v).sum() - (1 / v**2).sum() / (1 / v).sum()))
    w = 1 / (v + tau2)
    assert row["mean_change"] == pytest.approx((w * y).sum() / w.sum())
    assert (row["k"], row["n"], row["df"]) == (2, 16, 1)
    assert row["p_within_fwe"] < 0.001
    assert row["p"] <= row["p_fwe"] <= 1
    other = pooled.query("measure == 'withinfc' and label == 'Vis'")
    assert other["p_within"].isna().all()
    text = (tmp_path / "pooled" / "index.html").read_text()
    assert "<title>SIMULATED one: 2 studies together</title>" in text
    assert len(text) > 5000
    weights = read(tmp_path / "pooled", "studies.tsv").query("family == 'confirmatory'")
    assert weights.groupby(["measure", "label"])["weight"].sum().tolist() == pytest.approx([1, 1])


def test_one_study_alone_keeps_its_answers(outputs, tmp_path):
    assert main([str(outputs[0]), str(tmp_path / "pooled")]) == 0
    row, own = (
        default(read(tmp_path / "pooled")),
        default(read(outputs[0] / "group", "contrasts.tsv")),
    )
    for name in ("n", "mean_change", "se", "t", "p", "p_fwe", "hedges_g"):
        assert row[name] == pytest.approx(own[name]), name
    assert row["p_within"] == pytest.approx(own["p"])
    assert np.isnan(row["tau2"])


def test_shared_tables_hold_no_person_and_are_enough(outputs, tmp_path):
    shared = []
    for out in outputs:
        folder = tmp_path / out.name
        folder.mkdir()
        for name in ("contrasts.tsv", "contrasts.json", "covariances.npz"):
            shutil.copy(out / "group" / name, folder / name)
        with np.load(folder / "covariances.npz") as arrays:
            assert {name.split("/")[-1] for name in arrays} == {"values", "covariance"}
        shared.append(str(folder))
    assert main([*shared, str(tmp_path / "pooled")]) == 0
    assert main([*map(str, outputs), str(tmp_path / "whole")]) == 0
    frames = [read(tmp_path / name).drop(columns=["p_within", "p_within_fwe"])
              for name in ("pooled", "whole")]  # fmt: skip
    pd.testing.assert_frame_equal(*frames)


def test_what_cannot_be_pooled_is_said(outputs, tmp_path, capsys):
    for words, code, message in (
        ([str(tmp_path), str(tmp_path / "p")], 66, "There is no group/contrasts.tsv in"),
        ([str(outputs[0]), str(outputs[0]), str(tmp_path / "p")], 64, "is named twice"),
        ([str(outputs[0]), str(outputs[1])], 73, "is not empty"),
    ):
        assert main(words) == code
        assert message in capsys.readouterr().err
    folder = tmp_path / "other"
    shutil.copytree(outputs[1] / "group", folder)
    path = folder / "contrasts.json"
    path.write_text(path.read_text().replace('"PrimaryRecipe": "24P"', '"PrimaryRecipe": "36P"'))
    text = (folder / "contrasts.tsv").read_text().replace("\t24P\t", "\t36P\t")
    (folder / "contrasts.tsv").write_text(text)
    assert main([str(outputs[0]), str(folder), str(tmp_path / "p")]) == 65
    assert "different primary recipes" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("content", [b"", b"PK nothing else", b"half"])
def test_damaged_covariances_are_named_and_nothing_is_written(outputs, tmp_path, capsys, content):
    folder = tmp_path / "damaged"
    shutil.copytree(outputs[1] / "group", folder)
    path = folder / "covariances.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == b"half" else content)
    assert main([str(outputs[0]), str(folder), str(tmp_path / "p")]) == 65
    assert str(path) in capsys.readouterr().err
    assert not (tmp_path / "p").exists()
