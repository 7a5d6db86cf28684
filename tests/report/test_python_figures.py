"""The figures of `gradshift.load(...).plot` show the numbers of the tables."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection

import gradshift
from gradshift.bids.collect import read_map, read_tsv
from gradshift.errors import MissingInputError, SettingsError


@pytest.fixture(scope="module")
def opened(out):
    return gradshift.load(out)


def dots(axes):
    """Return the (n, 2) places of all dots in some axes, filled or not."""
    drawn = [one for one in axes.collections if isinstance(one, PathCollection)]
    return np.concatenate([one.get_offsets() for one in drawn])


def spans(axes):
    """Return the ends of all lines in some axes: pairs of (x, y)."""
    drawn = [one for one in axes.collections if isinstance(one, LineCollection)]
    return [segment for one in drawn for segment in one.get_segments()]


def test_a_specification_curve_has_every_variant_of_the_value(opened):
    figure = opened.plot.specification(("eigenvectorcentrality", "PCC"))
    table = opened.table("variants").query(
        "measure == 'eigenvectorcentrality' and label == 'PCC' and effect == 'change'"
    )
    sizes = table["hedges_g"].dropna()
    assert len(sizes) > 4
    shown = dots(figure.axes[0])
    np.testing.assert_allclose(shown[:, 1], np.sort(sizes))
    ends = [segment[:, 1] for segment in spans(figure.axes[0])]
    ordered = table.dropna(subset="hedges_g").sort_values("hedges_g")
    np.testing.assert_allclose(ends, ordered[["ci_low", "ci_high"]])
    with pytest.raises(MissingInputError, match="eigenvectorcentrality"):
        opened.plot.specification(("vtlogan", "Default"))


def test_coupling_shows_the_correlations_of_the_table(opened):
    figure = opened.plot.coupling()
    table = opened.coupling.query("scope == 'between-people'")
    columns = len(table)
    assert columns == 2
    for k, row in enumerate(table.itertuples()):
        above, below = figure.axes[k], figure.axes[columns + k]
        assert len(dots(above)) == row.n
        assert row.estimate in dots(below)[:, 0]
        assert {row.ci_low, row.ci_high} == set(spans(below)[0][:, 0])
    measure, label = table["pair"].iloc[0].split("~")[1].split(":")
    values = opened.measures.query(f"measure == '{measure}' and label == '{label}'")
    values = values[values["recipe"] == opened.primary[1]]
    wide = values.pivot_table(index="participant_id", columns="session_id", values="value")
    np.testing.assert_allclose(dots(figure.axes[0])[:, 1], wide["ses-post"] - wide["ses-pre"])


def test_motion_is_that_of_the_run(opened, out):
    figure = opened.plot.motion("01", "pre")
    (path,) = out.glob("sub-01/ses-pre/func/*_desc-qc_timeseries.tsv")
    table = read_tsv(path)
    for axes, name in zip(figure.axes, ("fd", "dvars"), strict=True):
        expected = [np.nan if value == "n/a" else float(value) for value in table[name]]
        np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)
    with pytest.raises(SettingsError, match="session has 1"):
        opened.plot.motion("01", "pre", run=2)
    with pytest.raises(MissingInputError, match="ses-pre"):
        opened.plot.motion("01", "before")


def test_slices_cut_the_maps_of_the_sessions(opened, out):
    figure = opened.plot.slices("01")
    images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(images) == 6
    for k, session in enumerate(("pre", "post")):
        (path,) = out.glob(f"sub-01/ses-{session}/func/*_stat-zpcc_desc-24P_boldmap.nii.gz")
        volume, _ = read_map(path)
        cuts = [np.take(volume, i, axis=2) for i in range(volume.shape[2])]
        drawn = np.ma.filled(images[3 * k + 2], np.nan)
        turned = [drawn.T, drawn.T[::-1], drawn.T[:, ::-1], drawn.T[::-1, ::-1]]
        assert any(np.allclose(cut, one, equal_nan=True) for cut in cuts for one in turned)
    with pytest.raises(MissingInputError, match="sub-09"):
        opened.plot.slices("09")
