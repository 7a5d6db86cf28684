"""What the figures show, asked of the figures themselves."""

import io
import itertools

import numpy as np
import pytest
from matplotlib.collections import PathCollection, TriMesh
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from gradshift.figures.cells import cells
from gradshift.figures.connections import glass_brain, marked_matrix
from gradshift.figures.coupling import Coupled, coupling
from gradshift.figures.curves import Curve, curves
from gradshift.figures.density import densities, smoothed
from gradshift.figures.dependence import chance, dependence
from gradshift.figures.forest import Effect, forest
from gradshift.figures.matrices import by_network, matrices
from gradshift.figures.motion import Carpets, motion
from gradshift.figures.scatter import gradient_plane
from gradshift.figures.slices import slices
from gradshift.figures.slopes import Pairs, slopes
from gradshift.figures.specification import Variant, specification
from gradshift.figures.style import NETWORKS, network_style, new
from gradshift.figures.surface import Mesh, cortex
from gradshift.report.saving import save


def drawn(figure: Figure) -> Figure:
    """Draw a figure: what cannot be laid out raises here."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    return figure


def square(rng, n):
    values = rng.standard_normal((n, n))
    return values + values.T


def test_matrices_share_one_scale_around_zero(rng, networks):
    panels = {"ses-pre": square(rng, 13), "ses-post": 3 * square(rng, 13)}
    figure = drawn(matrices(panels, networks, unit="r"))
    limits = {image.get_clim() for axes in figure.axes for image in axes.images}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high < 0
    assert [axes.get_title() for axes in figure.axes[:2]] == list(panels)


def test_regions_are_ordered_by_network_and_those_of_none_come_last(rng, networks):
    order = by_network(networks)
    assert [networks[i] for i in order] == [*networks[:7], *networks[8:], ""]
    matrix = np.arange(169.0).reshape(13, 13)
    figure = drawn(matrices({"one": matrix}, networks, unit="r"))
    shown = figure.axes[0].images[0].get_array()
    assert shown[0, 12] == matrix[0, 7]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        "Vis", "SomMot", "Default", "other",
    ]  # fmt: skip


def test_a_region_without_a_value_stays_a_gap(rng, networks):
    matrix = square(rng, 13)
    matrix[2] = matrix[:, 2] = np.nan
    shown = drawn(matrices({"one": matrix}, networks, unit="r")).axes[0].images[0].get_array()
    assert np.ma.getmaskarray(np.ma.masked_invalid(shown))[2].all()


def test_left_out_volumes_are_shaded_and_counted():
    kept = np.ones(50, dtype=bool)
    kept[[10, 11, 30]] = False
    figure = drawn(motion(np.full(50, 0.1), np.ones(50), kept, title="ses-pre", threshold=0.5))
    spans = [(p.get_x(), p.get_width()) for p in figure.axes[0].patches]
    assert spans == [(9.5, 2.0), (29.5, 1.0)]
    assert figure.axes[0].get_title(loc="left") == "ses-pre: 47 of 50 volumes kept"
    assert len(figure.axes) == 2


def test_carpets_lie_beneath_the_motion_with_gaps_where_volumes_are_gone(rng):
    before = rng.standard_normal((50, 20))
    after = before.copy()
    after[7] = np.nan
    kept = np.isfinite(after).all(axis=1)
    within = np.arange(20) % 4 == 0
    carpets = Carpets(before, after, ("grey", "none here", "white"), np.where(within, 0, 2))
    figure = drawn(motion(np.ones(50), np.ones(50), kept, title="run", carpets=carpets, tr=2.0))
    (image,) = figure.axes[3].images
    shown = np.asarray(image.get_array())
    assert shown.shape == (20, 50)
    assert np.isnan(shown[:, 7]).all()
    np.testing.assert_array_equal(shown[:5, 0], after[0, within])
    assert figure.axes[3].get_xlabel() == "seconds"
    ticks = [t for t in figure.axes[3].get_xticks() if 0 <= t < 50]
    labels = [figure.axes[3].xaxis.get_major_formatter()(t) for t in ticks]
    assert [float(label) for label in labels] == [2 * t for t in ticks]
    assert "SD" in [axes.get_ylabel() for axes in figure.axes]
    bands = [t.get_text() for t in figure.axes[3].get_legend().get_texts()]
    assert bands == ["grey", "white"]


def test_every_network_of_the_plane_has_a_colour_and_a_marker_of_its_own(rng, networks):
    figure = drawn(gradient_plane({"a": rng.standard_normal((13, 2))}, networks, unit="u"))
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert labels == ["Vis", "SomMot", "Default"]
    assert len(set(NETWORKS.values())) == len({colour for colour, _ in NETWORKS.values()}) == 7
    assert len({marker for _, marker in NETWORKS.values()}) == 7
    assert network_style("DefaultB", ["DefaultB"]) == NETWORKS["Default"]
    assert network_style("Own", ["Own", "Other"]) != network_style("Other", ["Own", "Other"])


def test_slopes_have_a_line_per_person_with_both_values(rng):
    baseline = np.array([1.0, 2.0, np.nan, 4.0])
    pairs = Pairs(baseline, baseline + 1, "z", ["01", "02", "03", "04"])
    figure = drawn(slopes({"withinfc": pairs, "b": pairs, "c": pairs}, ("pre", "post"), columns=2))
    lines = figure.axes[0].get_lines()
    assert [list(line.get_ydata()) for line in lines[:3]] == [[1, 2], [2, 3], [4, 5]]
    assert lines[3].get_ydata() == pytest.approx([7 / 3, 10 / 3])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["pre", "post"]
    assert {t.get_text() for t in figure.axes[0].texts} == {"01", "02", "04"}
    heights = [t.get_position()[1] for t in figure.axes[0].texts]
    assert heights == sorted(heights)
    assert not figure.axes[3].axison


def test_of_many_people_those_who_changed_most_are_named_and_no_names_touch(rng):
    baseline, changes = rng.normal(size=40), rng.permutation(40) - 20.0
    names = [f"{i:02d}" for i in range(40)]
    figure = drawn(slopes({"a": Pairs(baseline, baseline + changes, "z", names)}, ("pre", "post")))
    order = np.argsort(changes)
    assert {t.get_text() for t in figure.axes[0].texts} == {
        names[i] for i in order[[0, 1, 2, -1, -2, -3]]
    }
    same = Pairs(np.zeros(15), np.full(15, 0.1), "z", names[:15])
    figure = drawn(slopes({"a": same}, ("pre", "post")))
    boxes = sorted((t.get_window_extent() for t in figure.axes[0].texts), key=lambda b: b.y0)
    assert len(boxes) == 15
    assert all(low.y1 < high.y0 + 1 for low, high in itertools.pairwise(boxes))


def test_forest_rows_come_from_top_to_bottom_and_gaps_are_allowed():
    rows = {
        "first": [Effect(1.0, 0.5, 1.5), Effect(0.8, 0.1, 1.4)],
        "second": [Effect(-1.0, -2.0, 0.1), Effect(np.nan, np.nan, np.nan)],
    }
    figure = drawn(forest(rows, ["aCompCor", "36P"], label="g"))
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == list(rows)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["aCompCor", "36P"]


def test_cells_show_their_numbers_and_frame_those_marked():
    values = np.array([[0.123, -0.2], [-0.2, np.nan]])
    marked = np.array([[False, True], [True, False]])
    axes = drawn(cells(values, ["Vis", "Default"], unit="z", marked=marked)).axes[0]
    assert [t.get_text() for t in axes.texts] == ["+0.12", "-0.20*", "-0.20*"]
    assert len(axes.patches) == 2


def test_densities_hold_one_unit_of_mass(rng):
    values = rng.standard_normal(400)
    at = np.linspace(-8, 8, 2000)
    assert np.trapezoid(smoothed(values, at), at) == pytest.approx(1, abs=1e-3)
    figure = drawn(densities(values, np.append(values / 2, np.nan), ("pre", "post"), label="g"))
    first, second = (line.get_ydata() for line in figure.axes[0].get_lines())
    assert second.max() > first.max()


def test_slices_put_left_at_the_left_whatever_the_affine():
    volume = np.zeros((4, 5, 6))
    volume[3, 2, 3] = 1
    place = (30.0, 20.0, 30.0)
    for sign in (1, -1):
        affine = np.diag([10.0 * sign, 10, 10, 1])
        affine[0, 3] = 0 if sign > 0 else 30
        data = volume if sign > 0 else volume[::-1]
        axes = drawn(slices({"a": data}, affine, through=place, limit=1, unit="z")).axes
        axial = np.asarray(axes[2].images[0].get_array())
        assert axial[2, 3] == 1


def test_the_cortex_shows_the_side_one_looks_at():
    corners = np.array([[0.0, 0, 0], [0, 10, 0], [0, 0, 10], [-10, 3, 3]])
    triangles = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [0, 2, 3]])
    mesh = Mesh(corners, triangles, np.zeros(4))
    values = np.array([1.0, 1.0, 1.0, -1.0])
    panels = {"a": {"left": values, "right": np.full(4, np.nan)}}
    figure = drawn(cortex(panels, {"left": mesh, "right": mesh}, limits=(-1, 1), unit="u"))
    shown = [
        len(found._triangulation.triangles)
        for axes in figure.axes[:4]
        for found in axes.collections
        if isinstance(found, TriMesh)
    ]
    assert shown == [3, 1, 3, 1]
    assert next(t.get_text() for t in figure.axes[0].texts) == "a"


def test_specifications_run_from_the_smallest_effect_and_say_what_was_chosen():
    variants = [
        Variant((atlas, recipe), Effect(size, size - 1, size + 1), size > 1, size == 0.5)
        for atlas, recipe, size in (("A", "x", 2.0), ("A", "y", 0.5), ("B", "x", 1.5))
    ]
    figure = drawn(specification({"first": variants}, ("atlas", "recipe"), label="g"))
    top, bottom = figure.axes
    dots = [m for m in top.collections if isinstance(m, PathCollection)]
    assert [m.get_offsets()[0][1] for m in dots] == [0.5, 1.5, 2.0]
    assert [t.get_text() for t in bottom.get_yticklabels()] == ["A", "B", "x", "y"]
    chosen = [m.get_offsets()[:, 0].tolist() for m in bottom.collections if m.get_sizes()[0] == 22]
    assert chosen == [[0, 2], [1], [1, 2], [0]]


def test_what_is_the_same_in_all_specifications_has_no_row():
    variants = [Variant(("A", r), Effect(1, 0, 2), True, r == "x") for r in "xy"]
    bottom = drawn(specification({"one": variants}, ("atlas", "recipe"), label="g")).axes[1]
    assert [t.get_text() for t in bottom.get_yticklabels()] == ["x", "y"]


def test_chance_correlations_hold_one_unit_of_mass_and_the_spread_of_theory():
    r = np.linspace(-1, 1, 20001)
    for n in (5, 11, 40):
        density = chance(r, n)
        assert np.trapezoid(density, r) == pytest.approx(1, abs=1e-4)
        assert np.trapezoid(density * r**2, r) == pytest.approx(1 / (n - 1), abs=1e-4)


def test_correlations_with_motion_are_shown_over_distance_and_beside_chance(rng):
    distance = rng.uniform(10, 150, 500)
    r = np.append(0.8 - distance[:-1] / 200, np.nan)
    figure = drawn(dependence({"24P": (r, distance)}, n=11))
    left, right = figure.axes
    (line,) = (one for one in left.get_lines() if len(one.get_xdata()) == 10)
    assert (np.diff(line.get_ydata()) < 0).all()
    assert left.get_title(loc="left") == "24P"
    assert sum(p.get_height() * p.get_width() for p in right.patches) == pytest.approx(1)


def test_coupling_shows_everybody_and_what_one_person_does():
    x, y = np.array([1.0, 2, 3, 9]), np.array([1.0, 3, 2, 9])
    panel = Coupled("title", x, y, ("a", "b"), 0.8, -0.2, 1.0, np.array([0.5, 1, 0.5, 0.4]))
    top, bottom = drawn(coupling([panel])).axes
    assert top.collections[0].get_offsets().tolist() == np.column_stack([x, y]).tolist()
    shown = [
        m.get_offsets()[:, 0].tolist() for m in bottom.collections if len(m.get_offsets()) > 0
    ]
    assert [0.8] in shown
    assert [0.5, 1, 0.5, 0.4] in shown


def test_slices_can_be_outlined(rng):
    volume = rng.standard_normal((6, 7, 8))
    outlined = np.zeros(volume.shape, dtype=bool)
    outlined[2:4, 2:5, 2:5] = True
    affine, place = np.diag([5.0, 5, 5, 1]), (15.0, 15.0, 15.0)
    figures = [
        drawn(slices({"a": volume}, affine, through=place, limit=1, unit="z", outlined=line))
        for line in (None, outlined)
    ]
    plain, lined = (sum(len(axes.collections) for axes in f.axes[:3]) for f in figures)
    assert (plain, lined) == (0, 3)


def test_curves_show_what_was_measured_fitted_and_left(rng):
    minutes, measured = np.arange(1.0, 6), rng.random(5) + 1
    fitted = {"vt1tcm": measured + 0.1, "vtlogan": np.where(minutes < 3, np.nan, measured)}
    figure = drawn(curves(minutes, [Curve("PCC", measured, fitted)] * 2, title="ses-pre"))
    above, below = figure.axes[0], figure.axes[2]
    shown = {line.get_label(): line.get_ydata() for line in above.lines}
    np.testing.assert_array_equal(shown["measured"], measured)
    np.testing.assert_array_equal(shown["vtlogan"], fitted["vtlogan"])
    np.testing.assert_allclose(below.lines[1].get_ydata(), -0.1)
    assert len({line.get_linestyle() for line in above.lines[1:]}) == 2


def test_a_name_is_no_formula():
    figure = Figure()
    figure.text(0.5, 0.5, r"$\frac$")
    figure.canvas.draw()


def test_a_marked_matrix_has_all_above_and_what_is_marked_below(rng, networks):
    values = rng.standard_normal((13, 13))
    values = values + values.T
    marked = np.zeros((13, 13), dtype=bool)
    marked[0, 5] = marked[5, 0] = True
    figure = drawn(marked_matrix(values, marked, networks, unit="t"))
    shown = np.asarray(figure.axes[0].images[0].get_array())
    order = by_network(networks)
    ordered = values[np.ix_(order, order)]
    upper = np.triu_indices(13, k=1)
    np.testing.assert_array_equal(shown[upper], ordered[upper])
    below = shown[np.tril_indices(13, k=-1)]
    assert [value for value in below if value] == [values[0, 5]]


def test_a_glass_brain_draws_every_connection_from_three_sides(rng, networks):
    places = rng.uniform(-60, 60, (13, 3))
    figure = drawn(glass_brain(places, [(0, 5), (2, 9)], [True, False], networks))
    for axes, (across, up) in zip(figure.axes, ((1, 2), (0, 2), (0, 1)), strict=True):
        (lines,) = [c for c in axes.collections if len(c.get_paths()) == 2 and c.get_linewidths()]
        first, second = (path.vertices for path in lines.get_paths())
        np.testing.assert_allclose(first, places[[0, 5]][:, [across, up]])
        np.testing.assert_allclose(second, places[[2, 9]][:, [across, up]])
        assert len({tuple(colour) for colour in lines.get_colors()}) == 2


def test_the_last_digits_of_the_solver_do_not_reach_the_file(tmp_path, monkeypatch):
    """Two processes lay a figure out alike, but for the last digits of places."""
    layout = ConstrainedLayoutEngine.execute

    def written(name, off):
        def execute(engine, fig):
            layout(engine, fig)
            for axes in fig.axes:
                axes._set_position(axes.get_position().translated(off, -off))

        monkeypatch.setattr(ConstrainedLayoutEngine, "execute", execute)
        figure = new(4, 3)
        for axes in figure.subplots(1, 2):
            axes.plot([0, 1, 3])
        folder = tmp_path / name
        folder.mkdir()
        return save(figure, folder / "figure.svg").read_bytes()

    assert written("one", 0.0) == written("other", 3e-14)
