"""gradshift in Python: what it gives is what the files hold."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import gradshift
from finished import DEFAULT, N_REGIONS, finish
from gradshift.errors import MissingInputError, SettingsError
from synthetic import grow


@pytest.fixture(scope="module")
def opened(stand_in):
    return gradshift.load(stand_in.out)


def test_tables_are_those_of_the_files(opened, stand_in):
    pd.testing.assert_frame_equal(opened.contrasts, stand_in.table("contrasts.tsv"))
    assert np.issubdtype(opened.measures["value"].dtype, np.floating)
    (row,) = opened.contrasts.query(
        "family == 'confirmatory' and measure == 'withinfc' and covariates.isna()"
        " and recipe == 'aCompCor'"
    ).itertuples()
    assert row.mean_change < 0
    assert len(opened.participants) == 8
    assert opened.limits


def test_matrix_and_series_belong_together(opened):
    matrix, series = opened.matrix("01", "ses-post"), opened.series("sub-01", "post")
    assert matrix.shape == (N_REGIONS, N_REGIONS)
    assert list(matrix.columns) == list(matrix.index) == list(series.columns)
    np.testing.assert_allclose(np.corrcoef(series.T), matrix, atol=1e-6)
    assert series.attrs["RepetitionTime"] == 2.0
    assert (opened.regions()["network"].iloc[DEFAULT] == "Default").all()


def test_what_is_not_there_is_said_with_what_is(opened):
    with pytest.raises(MissingInputError, match=r"did you mean ses-post\?.* ses-pre"):
        opened.matrix("01", "poste")
    with pytest.raises(MissingInputError, match="too short"):
        opened.series("08", "post")
    with pytest.raises(MissingInputError, match=r"contrasts\.tsv"):
        opened.table("nothing")
    with pytest.raises(SettingsError, match="Default"):
        opened.plot.slopes(("withinfc", "Deflt"))


def test_figures_show_the_values_asked_for(opened):
    figure = opened.plot.slopes(("withinfc", "Default"), ("betweenfc", "Default-Vis"))
    assert isinstance(figure, Figure)
    first, second = figure.axes[:2]
    values = opened.measures.query(
        "measure == 'withinfc' and label == 'Default' and recipe == 'aCompCor'"
    )
    means = values[values["participant_id"] != "sub-08"].groupby("session_id")["value"].mean()
    thick = max(first.lines, key=lambda line: line.get_linewidth())
    np.testing.assert_allclose(thick.get_ydata(), means[["ses-pre", "ses-post"]])
    assert len(second.lines) > 1
    for made in (opened.plot.forest(), opened.plot.matrix("01", "pre", "post")):
        assert isinstance(made, Figure)


def test_before_the_group_level_there_are_values_and_no_comparison(tmp_path):
    fresh = finish(tmp_path, {"01": ("pre", "post")})
    opened = gradshift.load(fresh.out)
    assert set(opened.measures["participant_id"]) == {"sub-01"}
    with pytest.raises(MissingInputError, match="run the group level"):
        _ = opened.contrasts
    with pytest.raises(MissingInputError):
        gradshift.load(tmp_path / "nowhere")


def test_a_run_is_checked_and_ends_as_on_the_command_line(stand_in, tmp_path, capsys):
    with pytest.raises(SettingsError, match=r"did you mean fd_threshold\?"):
        gradshift.run(stand_in.root, stand_in.out, "group", fd_treshold=1)
    with pytest.raises(SettingsError, match="level"):
        gradshift.run(stand_in.root, stand_in.out, "everybody")
    with pytest.raises(SettingsError, match="--fd-threshold"):
        gradshift.run(stand_in.root, stand_in.out, "participant", fd_threshold=-1)
    empty = grow(tmp_path / "empty", {"dataset_description.json": {"Name": "e"}})
    with pytest.raises(MissingInputError):
        gradshift.run(empty, tmp_path / "out", "group")
    code = gradshift.run(
        stand_in.root, stand_in.out, "group", baseline="pre", followup="post", dry_run=True
    )
    assert code == 0
    assert "7 of 8" in capsys.readouterr().out
