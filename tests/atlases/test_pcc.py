"""Posterior cingulate regions, counted from 1 as the labels are."""

import pytest

from gradshift.atlases.catalogue import load_atlas
from gradshift.atlases.labeltable import Row
from gradshift.atlases.pcc import pcc_sets
from gradshift.errors import SettingsError

CORE = {
    "Schaefer2018_100_7": [50, 100],
    "Schaefer2018_200_7": [97, 99, 199, 200],
    "Schaefer2018_400_7": [191, 192, 193, 195, 196, 200, 393, 395, 397, 399, 400],
    "Schaefer2018_200_17": [77, 78, 79, 186],
    "Schaefer2018_400_17": [*range(154, 161), *range(363, 368)],
}
ALL = {
    "Schaefer2018_100_7": [49, 50, 99, 100],
    "Schaefer2018_200_7": [96, 97, 98, 99, 198, 199, 200],
    "Schaefer2018_400_7": [*range(190, 201), *range(392, 401)],
    "Schaefer2018_400_17": CORE["Schaefer2018_400_17"],
}


def labels(name: str, rule: str, which: str = "PCC") -> list[int]:
    return [position + 1 for position in load_atlas(name).regions(rule).sets[which]]


@pytest.mark.parametrize("name", CORE)
def test_core(name):
    assert labels(name, "core") == CORE[name]


@pytest.mark.parametrize("name", ALL)
def test_all(name):
    assert labels(name, "all") == ALL[name]


@pytest.mark.parametrize("name", CORE)
def test_hemispheres_share_the_set(name):
    regions = load_atlas(name).regions()
    left, right = regions.sets["PCClh"], regions.sets["PCCrh"]
    assert sorted(left + right) == list(regions.sets["PCC"])
    assert {regions.hemispheres[i] for i in left} == {"L"}
    assert {regions.hemispheres[i] for i in right} == {"R"}


def test_a_composite_has_the_set_of_its_cortical_part():
    assert labels("TianS2+Schaefer2018_100_7", "core") == [82, 132]
    assert labels("Schaefer2018_100_7+TianS2", "core") == [50, 100]


@pytest.mark.parametrize("rule", ["core", "all"])
def test_no_set_where_no_region_qualifies(rule):
    assert load_atlas("TianS2").regions(rule).sets == {}


def test_named_regions_in_the_order_of_the_atlas():
    rule = "7Networks_RH_Default_pCunPCC_2, 7Networks_LH_Vis_3"
    assert labels("Schaefer2018_200_7", rule) == [3, 199]


def test_sphere():
    assert labels("Schaefer2018_200_7", "-5.3,-55,27,1") == [97]
    assert load_atlas("Schaefer2018_200_7").regions("0,0,300,5").sets == {}


@pytest.mark.parametrize(
    ("y", "z", "inside"),
    [
        (-50.0, 30.0, True),
        (-62.9, 44.9, True),  # nearest 2 mm: -62, 44
        (-63.1, 30.0, False),
        (-36.9, 30.0, False),
        (-50.0, 45.1, False),
        (-50.0, 16.9, False),
    ],
)
def test_window_is_laid_on_a_2_mm_grid(y, z, inside):
    row = Row(1, "LH_Default_pCunPCC_1", "L", "Default", (0.0, y, z))
    assert bool(pcc_sets([row], "core")) == inside


def test_the_name_alone_is_not_enough():
    row = Row(1, "LH_Cont_pCunPCC_1", "L", "Cont", (0.0, -50.0, 30.0))
    assert pcc_sets([row], "core") == pcc_sets([row], "all") == {}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("7Networks_LH_Vis_3,PCC_1", "does not have: PCC_1;"),
        ("corre", "does not have: corre;"),
        ("0,-52,26", "no sphere"),
        ("0,-52,26,0", "no sphere"),
        ("0,-52,nan,8", "no sphere"),
    ],
)
def test_mistakes(rule, message):
    with pytest.raises(SettingsError, match=message):
        load_atlas("Schaefer2018_200_7").regions(rule)
