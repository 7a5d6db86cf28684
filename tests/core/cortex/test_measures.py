"""What every measure must do, asked of each one that is found."""

import dataclasses
import re
from importlib.resources import files

import numpy as np
import pytest

from gradshift import plugins
from gradshift.core import measures as package
from gradshift.core.cortex.measure import Measure, UnavailableError, evaluate
from gradshift.core.cortex.regions import Regions
from gradshift.core.cortex.session import Session
from gradshift.core.measures import measures
from gradshift.core.series.connectivity import correlate

NETWORKS = ("Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default", "")
SIZES = (9, 11, 7, 8, 5, 10, 14, 4)
N_VOLUMES = 173
N_COMMON = 151


@pytest.fixture
def session(rng):
    """A session of 64 cortical regions with network structure and 4 subcortical ones."""
    networks = [name for name, size in zip(NETWORKS, SIZES, strict=True) for _ in range(size)]
    hemispheres = ["LR"[i % 2] for i in range(len(networks))]
    names = [
        f"7Networks_{side}H_{network}_{i + 1}" if network else f"nucleus_{i + 1}"
        for i, (network, side) in enumerate(zip(networks, hemispheres, strict=True))
    ]
    centroids = rng.normal(size=(len(names), 3)) * 30
    centroids[:, 0] = np.abs(centroids[:, 0]) * [-1 if side == "L" else 1 for side in hemispheres]
    default = [i for i, network in enumerate(networks) if network == "Default"]
    regions = Regions(
        names=tuple(names),
        networks=tuple(networks),
        hemispheres=tuple(hemispheres),
        centroids=centroids,
        sets={"PCC": tuple(default[:4])},
    )
    of_network = rng.normal(size=(N_VOLUMES, len(NETWORKS)))
    ends = of_network @ rng.normal(size=(len(NETWORKS), len(NETWORKS))) * 0.3
    member = np.equal.outer(networks, NETWORKS).astype(float)
    series = (of_network + ends) @ member.T + rng.normal(size=(N_VOLUMES, len(names)))
    maps = {
        name: rng.uniform(0.5, 2, len(names))
        for name in ("alff", "falff", "malff", "reho", "seedz")
    }
    return build(regions, series, maps)


def build(regions, series, maps):
    return Session(
        regions=regions,
        series=series,
        volumes=np.arange(len(series)),
        run_of=np.zeros(len(series), dtype=np.intp),
        tr=2.0,
        matrix=correlate(series),
        n_common=N_COMMON,
        maps=maps,
    )


def take(session, order):
    """Return the session with only some regions, in another order."""
    old = session.regions
    position = {before: after for after, before in enumerate(order)}
    regions = Regions(
        names=tuple(old.names[i] for i in order),
        networks=tuple(old.networks[i] for i in order),
        hemispheres=tuple(old.hemispheres[i] for i in order),
        centroids=old.centroids[list(order)],
        sets={
            name: tuple(position[i] for i in members if i in position)
            for name, members in old.sets.items()
        },
    )
    maps = {name: values[list(order)] for name, values in session.maps.items()}
    return build(regions, session.series[:, list(order)].copy(), maps)


def without(session, lost):
    """Return the session with one region that must not be used."""
    series = session.series.copy()
    series[:, lost] = np.nan
    maps = {name: values.copy() for name, values in session.maps.items()}
    for values in maps.values():
        values[lost] = np.nan
    return build(session.regions, series, maps)


def table(measure, session, reasons=None):
    rows = evaluate(measure, session, reasons)
    return {(row.level, row.label): row for row in rows}


@pytest.fixture(params=measures().values(), ids=measures().keys())
def measure(request):
    return request.param


def test_every_label_has_a_number_or_a_reason(measure, session):
    rows = evaluate(measure, session)
    wanted = [
        (level, label)
        for level in measure.levels
        for label in measure.labels_at(session.regions, level)
    ]
    assert [(row.level, row.label) for row in rows] == wanted
    for row in rows:
        assert row.status
        assert np.isfinite(row.value) or row.status != "ok", row


def test_a_measure_leaves_its_input_alone(measure, session):
    before = {
        "series": session.series.copy(),
        "matrix": session.matrix.copy(),
        "z": session.z.copy(),
        "matrix_common": session.matrix_common.copy(),
        **{name: values.copy() for name, values in session.maps.items()},
    }
    evaluate(measure, session)
    after = {
        "series": session.series,
        "matrix": session.matrix,
        "z": session.z,
        "matrix_common": session.matrix_common,
        **session.maps,
    }
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values, err_msg=name)


def test_the_order_of_regions_does_not_matter(measure, session, rng):
    there = table(measure, session)
    shuffled = table(measure, take(session, rng.permutation(len(session.regions)).tolist()))
    assert there.keys() == shuffled.keys()
    for key, row in there.items():
        assert shuffled[key].value == pytest.approx(row.value, rel=1e-7, abs=1e-9, nan_ok=True), (
            key
        )


@pytest.mark.parametrize("lost", [3, 60], ids=["Vis", "Default"])
def test_an_unusable_region_is_as_if_it_were_not_there(measure, session, lost):
    name = session.regions.names[lost]
    gap = table(measure, without(session, lost), {name: "coverage 0.21"})
    kept = [i for i in range(len(session.regions)) if i != lost]
    absent = table(measure, take(session, kept))
    for key, row in gap.items():
        if key == ("region", name):
            assert np.isnan(row.value)
            assert row.status != "ok"
        else:
            assert row.value == pytest.approx(
                absent[key].value, rel=1e-7, abs=1e-9, nan_ok=True
            ), key


def test_a_measure_says_what_it_is(measure):
    assert re.fullmatch(r"[a-z0-9]+", measure.name)
    may_be_empty = {"needs_reference", "needs_everybody", "curve", "labels", "group"}
    if plugins.of(measure.name):  # of works that our bibliography does not have
        may_be_empty.add("cite")
    for field in dataclasses.fields(measure):
        assert getattr(measure, field.name) or field.name in may_be_empty, field.name
    assert measure.methods.endswith(".")


def test_what_a_measure_cites_is_in_the_bibliography(measure):
    text = files("gradshift.report").joinpath("references.bib").read_text(encoding="utf-8")
    assert set(measure.cite) <= set(re.findall(r"^@\w+\{(\w+),", text, flags=re.MULTILINE))


def test_the_measures_of_network_connectivity_are_there():
    assert {
        "withinfc",
        "betweenfc",
        "segregation",
        "segregationsigned",
        "segregationsensory",
        "segregationassociation",
        "lowhighfc",
        "ordercollapse",
        "lowhighasymmetry",
        "meanfc",
        "gbc",
        "ngsc",
    } <= measures().keys()


NEW_MEASURE = """
from gradshift.core.cortex.measure import Measure

def count(session):
    return {"region": session.usable.astype(float)}

MEASURE = Measure(
    name="dropped", title="count", levels=("region", "set"), unit="1", compute=count,
    formula="1", high="there", low="not there", methods="Counted.",
)
"""


@pytest.fixture
def dropped_in(tmp_path, monkeypatch):
    (tmp_path / "dropped_in_a_test.py").write_text(NEW_MEASURE, encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    measures.cache_clear()
    yield
    measures.cache_clear()


@pytest.mark.usefixtures("dropped_in")
def test_a_file_dropped_into_the_folder_is_a_measure(session):
    found = measures()
    assert {"dropped", "withinfc"} <= found.keys()
    assert list(found) == sorted(found)
    rows = evaluate(found["dropped"], session)
    assert len(rows) == len(session.regions) + 1
    assert all(row.value == 1 for row in rows)


def as_measure(compute, *levels):
    return Measure(
        name="test",
        title="test",
        levels=levels,
        unit="1",
        compute=compute,
        formula="",
        high="",
        low="",
        methods="",
    )


def test_a_measure_that_cannot_be_had_gives_its_reason_to_every_label(session):
    def compute(_):
        raise UnavailableError("no pulse recorded")

    rows = evaluate(as_measure(compute, "network", "whole"), session)
    assert len(rows) == 7 + 1
    assert all(np.isnan(row.value) and row.status == "no pulse recorded" for row in rows)


def test_a_wrong_number_of_values_is_an_error(session):
    wrong = as_measure(lambda session: {"network": np.ones(6)}, "network")
    with pytest.raises(ValueError, match="6 values at level network, which has 7 labels"):
        evaluate(wrong, session)


def test_unknown_levels_are_refused():
    with pytest.raises(ValueError, match="unknown levels"):
        as_measure(lambda session: {}, "hemisphere")
