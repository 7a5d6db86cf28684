"""The honesty block says what the data of a study leave open, and no more."""

import io
import json
import re
from contextlib import redirect_stderr

import nibabel
import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from finished import finish, regions
from gradshift.bids.collect import find_results, read_matrix
from gradshift.core.inference.power import power_paired
from pagereader import Page


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """Five men with a large change, compared; a sixth has no follow-up, a seventh moved.

    And what was said at the end.
    """
    people = [f"{i:02d}" for i in range(1, 8)]
    times = {"pre": "n/a", "post": "1"}
    study = finish(
        tmp_path_factory.mktemp("five"),
        {sub: ["pre", "post"] if sub != "06" else ["pre"] for sub in people},
        together=lambda sub, ses: 1.2 if ses == "pre" else 0.3,
        excluded={("07", "pre"): "only 2.5 minutes are left, 5 needed"},
        participants=[
            ["participant_id", "sex", "group"],
            *([f"sub-{sub}", "M", "ketamine"] for sub in people),
        ],
        told={
            sub: [
                ["session_id", "acq_time", "days_since_dose"],
                *([f"ses-{s}", f"2024-05-0{i}T10:00:00", d if sub != "02" or d == "n/a" else "7"]
                  for i, (s, d) in enumerate(times.items(), 1)),
            ]
            for sub in people
        },
    )  # fmt: skip
    for sub in people[:5]:
        for ses, more in (("pre", 0), ("post", int(sub))):
            (path,) = study.out.glob(f"sub-{sub}/ses-{ses}/**/*_measures.json")
            rates = {"BreathsPerMinute": 12.0 + more}
            path.write_text(json.dumps({**json.loads(path.read_text()), "Physiology": rates}))
    with redirect_stderr(io.StringIO()) as told:
        assert study.group(page=True) == 0
    return study, told.getvalue()


def test_five_people_cannot_be_significant_and_everything_says_so(five):
    study, told = five
    folder = study.out / "group"
    assert "a change at alpha" not in told
    assert "evidence" not in told
    assert told.count("no test: 5 people are too few") == 2
    for name in ("contrasts.tsv", "nbs.tsv"):
        rows = study.table(name)
        tested = rows[rows["p_min"].notna()]
        assert len(tested)
        assert (tested["p_min"] == 0.0625).all()
        assert tested.filter(regex="^p_fwe").min(axis=None) == 0.0625
        assert tested["status"].str.contains("cannot be significant: p_min 0.0625 > 0.05").all()
    assert set(study.table("contrasts.tsv")["verdict"].dropna()) == {"undecided"}
    sidecars = [json.loads(path.read_text()) for path in folder.glob("*_relmat.json")]
    assert [one["CanBeSignificant"] for one in sidecars if "SmallestP" in one] == [False] * 6
    page = Page(folder / "index.html")
    assert "no test: 5 people are too few" in page.text
    assert "no result on this page can be significant" in page.text
    assert "evidence of a" not in page.text.lower()
    for kind in ("up", "down", "smaller", "open", "hint-up", "hint-down"):
        assert f'class="verdict {kind}"' not in page.text
        assert f'class="glyph {kind}"' not in page.text


def test_what_a_study_of_five_leaves_open_is_told(five):
    study, _ = five
    rows = study.table("contrasts.tsv")
    tested = rows[rows["p"].notna()]
    limits = json.loads((study.out / "group" / "limits.json").read_text())
    assert limits["Participants"]["Compared"] == 5
    assert limits["Participants"]["LeftOut"] == ["sub-06", "sub-07"]
    assert limits["Participants"]["Reasons"] == [
        {"Reason": "no result for ses-post", "Participants": ["sub-06"]},
        {"Reason": "ses-pre: only N minutes are left, N needed", "Participants": ["sub-07"]},
    ]
    assert limits["Power"]["SmallestP"] == 0.0625
    assert limits["Power"]["CanBeSignificant"] is False
    assert limits["Power"]["DetectableAtPower80"]["alpha/7"] == pytest.approx(2.8738, abs=1e-4)
    assert limits["Power"]["Power"]["0.5"] == pytest.approx(power_paired(0.5, 5))
    assert limits["Power"]["PeopleNeededForPower80"]["0.5"] == 34
    unique = tested.drop_duplicates(
        ["effect", "covariates", "recipe", "measure", "level", "label"]
    )
    assert limits["Tests"]["Number"] == len(unique) < len(tested)
    assert limits["Tests"]["ByFamily"] == tested["family"].value_counts().to_dict()
    said = " ".join(limits["Limits"])
    assert "post-pre is compared without a placebo" in said
    assert "All participants were male" in said
    assert "Whether anybody was blinded is not known" in said
    assert "1 to 7 days" in said
    assert "With 5 people no result can be significant at 0.05." in said


def test_breathing_is_compared_and_is_no_result(five):
    study, _ = five
    (rate,) = json.loads((study.out / "group" / "limits.json").read_text())["Physiology"]
    assert (rate["What"], rate["Task"], rate["n"]) == ("BreathsPerMinute", "rest", 5)
    assert (rate["MeanBaseline"], rate["MeanFollowup"], rate["MeanChange"]) == (12, 15, 3)
    assert rate["p"] == 0.0625
    assert not study.table("contrasts.tsv")["measure"].str.contains("reath").any()
    page = (study.out / "group" / "index.html").read_text()
    assert re.search("12 breaths per minute .* and 15 .*5 people", page)


def test_motion_is_compared_and_correlated_with_the_changes(five):
    study, _ = five
    limits = json.loads((study.out / "group" / "limits.json").read_text())
    people = study.table("participants.tsv").query("included")
    motion = (people["mean_fd_followup"] - people["mean_fd_baseline"]).to_numpy()
    (found,) = limits["Motion"]
    assert found["MeanChange"] == pytest.approx(motion.mean())
    flips = 1 - 2 * (np.arange(32)[:, None] >> np.arange(5) & 1)
    sums = np.abs(flips @ motion)
    assert found["p"] == (sums >= sums[0] - 1e-12).mean()
    (edges,) = limits["MotionAndConnections"]
    changes = []
    for sub in people["participant_id"]:
        func = study.out / sub
        pre, post = (
            np.loadtxt(
                next(func.glob(f"ses-{s}/**/*relmat.tsv")), skiprows=1, usecols=range(1, 17)
            )
            for s in ("pre", "post")
        )
        upper = np.triu_indices(16, 1)
        changes.append(np.arctanh(post[upper]) - np.arctanh(pre[upper]))
    r = [stats.pearsonr(column, motion).statistic for column in np.transpose(changes)]
    assert edges["MedianAbsoluteR"] == pytest.approx(np.median(np.abs(r)), abs=1e-6)
    away = squareform(pdist(regions().centroids))[upper]
    dependence = stats.spearmanr(away, r).statistic
    assert edges["DistanceDependence"] == pytest.approx(dependence, abs=1e-6)
    _, written = read_matrix(
        study.out / "group" / "task-rest_atlas-Tiny_stat-qcfc_desc-24P_relmat.tsv"
    )
    np.testing.assert_allclose(written[np.triu_indices(len(written), 1)], r, atol=1e-6)
    assert {one["Measure"] for one in limits["BaselineDependence"]} == {"withinfc", "lowhighfc"}


def test_connections_that_fell_apart_together_are_a_component(tmp_path):
    people = [f"{i:02d}" for i in range(1, 8)]
    study = finish(
        tmp_path,
        {sub: ["pre", "post"] for sub in people},
        together=lambda sub, ses: 1.5 if ses == "pre" else 0.3,
    )
    assert study.group("--baseline", "pre", "--nbs-thresholds", "3", "4") == 0
    rows = study.table("nbs.tsv")
    assert set(rows["threshold"]) <= {3.0, 4.0}
    first = rows.iloc[0]
    assert first["direction"] == "decrease"
    assert {f"Default_{i}" for i in range(4)} <= set(first["regions"].split(","))
    assert first["p_fwe_extent"] <= 0.05
    inside = slice(12, 16)
    for stat in ("pfwe", "pfwetfce", "tfce"):
        path = study.out / "group" / f"task-rest_atlas-Tiny_stat-{stat}_desc-24P_relmat.tsv"
        matrix = np.genfromtxt(
            path, delimiter="\t", skip_header=1, usecols=range(1, 17), missing_values="n/a"
        )
        block = matrix[inside, inside][np.triu_indices(4, 1)]
        assert (block < 0).all() if stat == "tfce" else (block <= 0.1).all()
        assert np.isnan(np.diagonal(matrix)).all()


def test_voxel_maps_are_compared_where_all_have_a_value(tmp_path):
    people = [f"{i:02d}" for i in range(1, 7)]
    study = finish(tmp_path, {sub: ["pre", "post"] for sub in people})
    rng, shape, affine = np.random.default_rng(3), (4, 5, 6), np.diag([4.0, 4, 4, 1])
    maps = {}
    for result in find_results(study.out):
        values = rng.normal(size=shape).astype(np.float32)
        if result.session == "ses-post":
            values[2, 3, 4] += 9
        values[0, 1, 2] = 0 if result.participant == "sub-03" else 1
        path = result.map_path(study.out, "zpcc")
        nibabel.Nifti1Image(values, affine).to_filename(path)
        maps[result.participant, result.session] = values.astype(float)
    assert study.group("--baseline", "pre") == 0
    stem = "task-rest_space-MNI152NLin2009cAsym_atlas-Tiny"
    found = {
        stat: nibabel.load(study.out / "group" / f"{stem}_stat-{stat}_desc-24P_boldmap.nii.gz")
        for stat in ("meanchange", "t", "pfwe")
    }
    changes = np.array(
        [maps[f"sub-{s}", "ses-post"] - maps[f"sub-{s}", "ses-pre"] for s in people]
    )
    expected = changes.mean(axis=0)
    expected[0, 1, 2] = 0
    np.testing.assert_allclose(found["meanchange"].get_fdata(), expected, atol=1e-6)
    t = stats.ttest_1samp(changes, 0).statistic
    assert found["t"].get_fdata()[2, 3, 4] == pytest.approx(t[2, 3, 4], rel=1e-5)
    p = found["pfwe"].get_fdata()
    assert p[2, 3, 4] == p[p > 0].min()
    assert (p[0, 1, 2], (p > 0).sum()) == (0, p.size - 1)
    np.testing.assert_array_equal(found["t"].affine, affine)
