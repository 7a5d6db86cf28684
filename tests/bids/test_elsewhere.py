"""Confounds of other datasets: found, read, and made orthogonal where that is asked."""

import numpy as np
import pandas as pd
import pytest

from gradshift.bids.elsewhere import locate, read
from gradshift.errors import InputError, MissingInputError, SettingsError
from gradshift.recipes.catalogue import load_recipe
from gradshift.recipes.elsewhere import Elsewhere
from gradshift.recipes.recipe import Recipe

T = 60
ENTITIES = {"sub": "01", "ses": "pre", "task": "rest", "run": "1", "space": "MNI152NLin6Asym"}


@pytest.fixture
def mixing(rng):
    """Five components; accepted and rejected ones share variance."""
    values = rng.standard_normal((T, 5))
    values[:, 1] += values[:, 0]
    return pd.DataFrame(values, columns=[f"ICA_{i:02d}" for i in range(5)])


@pytest.fixture
def tedana(tmp_path, mixing):
    func = tmp_path / "tedana" / "sub-01" / "ses-pre" / "func"
    func.mkdir(parents=True)
    start = "sub-01_ses-pre_task-rest_run-01"
    mixing.to_csv(func / f"{start}_desc-ICA_mixing.tsv", sep="\t", index=False)
    mixing.to_csv(func / f"{start}_desc-ICAOrth_mixing.tsv", sep="\t", index=False)
    metrics = pd.DataFrame(
        {
            "Component": mixing.columns,
            "classification": ["accepted", "rejected", "accepted", "rejected", "ignored"],
        }
    )
    metrics.to_csv(func / f"{start}_desc-tedana_metrics.tsv", sep="\t", index=False)
    principal = {"Component": ["PCA_00", "PCA_01"], "classification": ["accepted", "rejected"]}
    path = func / f"{start}_desc-PCA_metrics.tsv"  # as tedana writes it for every run
    pd.DataFrame(principal).to_csv(path, sep="\t", index=False)
    return tmp_path / "tedana"


def words(tedana):
    return [f"tedana={tedana}"]


def test_what_tedana_rejected_is_taken_without_what_it_accepted(tedana, mixing):
    recipe = load_recipe("tedana")
    (located,) = locate(ENTITIES, recipe, words(tedana))
    names, values = read(recipe.elsewhere[0], located, T)
    assert names == ("tedana:ICA_01", "tedana:ICA_03")
    accepted = np.column_stack([np.ones(T), mixing["ICA_00"], mixing["ICA_02"]])
    np.testing.assert_allclose(accepted.T @ values, 0, atol=1e-8)
    both = np.column_stack([accepted, values])
    rejected = mixing[["ICA_01", "ICA_03"]].to_numpy()
    left = rejected - both @ np.linalg.lstsq(both, rejected, rcond=None)[0]
    np.testing.assert_allclose(left, 0, atol=1e-8)


def test_all_columns_are_taken_as_they_are_where_no_class_is_asked(tedana, mixing):
    source = Elsewhere(dataset="tedana", columns=("ICA_0[0-2]",), desc="ICA")
    recipe = Recipe(name="own", elsewhere=(source,))
    (located,) = locate(ENTITIES, recipe, words(tedana))
    names, values = read(source, located, T)
    assert names == ("tedana:ICA_00", "tedana:ICA_01", "tedana:ICA_02")
    np.testing.assert_allclose(values, mixing.iloc[:, :3])


def test_what_is_not_there_is_said(tedana, mixing):
    recipe = load_recipe("tedana")
    with pytest.raises(SettingsError, match="--derivatives tedana=PATH"):
        locate(ENTITIES, recipe, [])
    with pytest.raises(MissingInputError, match="nowhere"):
        locate(ENTITIES, recipe, ["tedana=/nowhere"])
    with pytest.raises(InputError, match="there is none"):
        locate({**ENTITIES, "run": "2"}, recipe, words(tedana))
    several = Recipe(name="own", elsewhere=(Elsewhere(dataset="tedana", columns=("ICA_*",)),))
    with pytest.raises(InputError, match=r"ICAOrth_mixing\.tsv.*name the desc"):
        locate(ENTITIES, several, words(tedana))
    (located,) = locate(ENTITIES, recipe, words(tedana))
    with pytest.raises(InputError, match=r"60 rows.*50 volumes"):
        read(recipe.elsewhere[0], located, 50)
    next(tedana.rglob("*_desc-tedana_metrics.tsv")).unlink()
    with pytest.raises(InputError, match="metrics"):
        locate(ENTITIES, recipe, words(tedana))
