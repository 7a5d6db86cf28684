"""Confounds: the columns that nilearn would take, and one clear sentence for anything else."""

import json
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradshift.bids.components import unequal_components
from gradshift.bids.confoundheader import check_header, read_header
from gradshift.bids.confoundnames import MOTION, OLD_NAMES
from gradshift.bids.confounds import read_confounds
from gradshift.bids.displacement import framewise_displacement
from gradshift.bids.regressors import select
from gradshift.errors import GradshiftError, InputError, MissingInputError
from gradshift.recipes.catalogue import available, load_recipe
from gradshift.recipes.recipe import Recipe, Scrub

T = 60
STEM = "sub-01_ses-pre_task-rest"
TISSUE = ("csf", "white_matter", "global_signal")


def expansions(values):
    slope = np.concatenate([[np.nan], np.diff(values)])
    return {
        "": values,
        "_derivative1": slope,
        "_power2": values**2,
        "_derivative1_power2": slope**2,
    }


@pytest.fixture
def table(rng):
    """The columns of an fMRIPrep confounds file, as a data frame in a mixed order."""
    columns = {}
    for name in (*TISSUE, *MOTION):
        base = rng.standard_normal(T).cumsum() / 50 + (100 if name in TISSUE else 0)
        columns |= {name + suffix: values for suffix, values in expansions(base).items()}
    motion = np.column_stack([columns[name] for name in MOTION])
    columns["framewise_displacement"] = framewise_displacement(motion)
    columns["std_dvars"] = np.concatenate([[np.nan], rng.random(T - 1) + 0.5])
    for i in range(21):
        columns[f"a_comp_cor_{i:02d}"] = rng.standard_normal(T)
    columns["t_comp_cor_00"] = rng.standard_normal(T)
    for i in range(3):
        columns[f"cosine{i:02d}"] = np.cos(np.pi * (i + 1) * (np.arange(T) + 0.5) / T)
    return pd.DataFrame(columns)


@pytest.fixture
def metadata():
    """Seven components each: combined, white matter, CSF, in this order."""
    masks = ["combined"] * 7 + ["WM"] * 7 + ["CSF"] * 7
    about = {
        f"a_comp_cor_{i:02d}": {"Method": "aCompCor", "Mask": mask, "Retained": True}
        for i, mask in enumerate(masks)
    }
    about["dropped_0"] = {"Method": "aCompCor", "Mask": "CSF", "Retained": False}
    about["t_comp_cor_00"] = {"Method": "tCompCor", "Mask": "CSF", "Retained": True}
    return about


class Files:
    """A confounds file, its JSON and an image name that nilearn finds them by."""

    def __init__(self, folder):
        self.tsv = folder / f"{STEM}_desc-confounds_timeseries.tsv"
        self.json = self.tsv.with_suffix(".json")
        self.image = folder / f"{STEM}_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz"

    def write(self, table, metadata=None):
        table.to_csv(self.tsv, sep="\t", na_rep="n/a", index=False)
        if metadata is not None:
            self.json.write_text(json.dumps(metadata))
        return self.tsv


@pytest.fixture
def files(tmp_path, table, metadata):
    made = Files(tmp_path)
    made.write(table, metadata)
    made.image.touch()
    return made


STRATEGIES = {
    "24P": {"strategy": ("motion",)},
    "36P": {
        "strategy": ("motion", "wm_csf", "global_signal"),
        "wm_csf": "full",
        "global_signal": "full",
    },
    "aCompCor": {
        "strategy": ("motion", "high_pass", "compcor"),
        "compcor": "anat_separated",
        "n_compcor": 5,
    },
    "aCompCorGSR": {
        "strategy": ("motion", "high_pass", "compcor", "global_signal"),
        "compcor": "anat_separated",
        "n_compcor": 5,
        "global_signal": "basic",
    },
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_recipes_select_what_nilearn_selects(files, name):
    from nilearn.interfaces.fmriprep import load_confounds

    theirs, _ = load_confounds(str(files.image), motion="full", demean=False, **STRATEGIES[name])
    # nilearn insists on cosines with aCompCor; ours come from the filter instead.
    theirs = theirs[[column for column in theirs if not column.startswith("cosine")]]
    names, values, notes, _ = select(read_confounds(files.tsv, T), load_recipe(name))
    assert set(names) == set(theirs.columns)
    assert values.shape == (T, len(names))
    np.testing.assert_array_equal(values, theirs[list(names)].to_numpy())
    assert notes == ()


def test_the_first_row_takes_the_value_of_the_second(files):
    confounds = read_confounds(files.tsv)
    names, values, *_ = select(confounds, load_recipe("24P"))
    assert np.isnan(confounds.columns["rot_z_derivative1"][0])
    slope = values[:, names.index("rot_z_derivative1")]
    assert slope[0] == slope[1] != slope[2]


def test_none_selects_nothing(files):
    names, values, *_ = select(read_confounds(files.tsv), load_recipe("none"))
    assert names == ()
    assert values.shape == (T, 0)


def test_patterns_and_names_select_each_column_once(files):
    recipe = Recipe(name="mine", columns=("cosine01", "cosine*", "csf"))
    assert select(read_confounds(files.tsv), recipe).names == (
        "cosine01",
        "cosine00",
        "cosine02",
        "csf",
    )


def test_components_not_retained_or_not_there_are_not_used(files, table, metadata):
    metadata["a_comp_cor_08"]["Retained"] = False
    files.write(table.drop(columns="a_comp_cor_15"), metadata)
    names = select(read_confounds(files.tsv), load_recipe("aCompCor")).names
    assert names[-10:] == (
        *(f"a_comp_cor_{i}" for i in (14, 16, 17, 18, 19)),
        *(f"a_comp_cor_{i:02d}" for i in (7, 9, 10, 11, 12)),
    )


def test_components_are_taken_in_the_order_of_their_numbers(files, metadata):
    files.json.write_text(json.dumps(dict(reversed(metadata.items()))))
    names = select(read_confounds(files.tsv), load_recipe("aCompCor")).names
    assert names[-10:-5] == tuple(f"a_comp_cor_{i}" for i in range(14, 19))


def test_components_with_a_letter_for_their_mask_are_found(files, table, metadata):
    def rename(name):
        number = int(name[-2:]) if name.startswith("a_comp_cor") else -1
        return name if number < 7 else f"{'w' if number < 14 else 'c'}_comp_cor_{number % 7:02d}"

    files.write(table.rename(columns=rename), {rename(k): v for k, v in metadata.items()})
    names = select(read_confounds(files.tsv), load_recipe("aCompCor")).names
    assert names[-10:] == tuple(f"{m}_comp_cor_{i:02d}" for m in "cw" for i in range(5))


def test_constant_columns_are_left_out_and_said(files, table, metadata):
    files.write(table.assign(csf=3.0), metadata)
    names, values, (note,), _ = select(read_confounds(files.tsv), load_recipe("simple"))
    assert names == (*MOTION, "white_matter")
    assert values.shape == (T, 7)
    assert "csf" in note


def test_framewise_displacement_by_hand():
    motion = np.zeros((3, 6))
    motion[1] = [0.1, -0.2, 0.3, 0.01, 0, -0.02]
    np.testing.assert_allclose(framewise_displacement(motion), [np.nan, 2.1, 2.1])


def test_missing_framewise_displacement_is_recomputed(files, table, metadata):
    files.write(table.drop(columns="framewise_displacement"), metadata)
    confounds = read_confounds(files.tsv)
    np.testing.assert_allclose(confounds.fd, table["framewise_displacement"])
    assert read_header(files.tsv).missing(load_recipe("36P")) == ()
    select(confounds, load_recipe("36P"))


def test_without_motion_there_is_no_displacement(files, table, metadata):
    files.write(table[["csf", "std_dvars"]], metadata)
    confounds = read_confounds(files.tsv)
    assert confounds.fd is None
    np.testing.assert_array_equal(confounds.dvars, table["std_dvars"])
    scrubbing = Recipe(name="x", columns=("csf",), scrub=Scrub())
    with pytest.raises(InputError, match="does not have: framewise_displacement;"):
        select(confounds, scrubbing)
    assert select(confounds, Recipe(name="x", columns=("csf",))).names == ("csf",)


def test_dvars_is_needed_only_to_censor_by_it(files, table, metadata):
    files.write(table.drop(columns="std_dvars"), metadata)
    confounds = read_confounds(files.tsv)
    assert confounds.dvars is None
    select(confounds, load_recipe("36P"))
    with pytest.raises(InputError, match="does not have: std_dvars;"):
        select(confounds, load_recipe("36P").with_options(dvars_threshold=1.5))


def test_volumes_before_the_steady_state_are_marked(files, table, metadata):
    for i in range(2):
        table[f"non_steady_state_outlier{i:02d}"] = np.eye(T)[i]
    files.write(table, metadata)
    marked = read_confounds(files.tsv).non_steady_state
    assert np.flatnonzero(marked).tolist() == [0, 1]


def test_missing_columns_name_recipe_file_and_what_would_work(files, table, metadata):
    files.write(table[[*MOTION, "csf", "white_matter"]], {})
    with pytest.raises(InputError) as caught:
        select(read_confounds(files.tsv), load_recipe("aCompCor"))
    message = str(caught.value)
    assert "'aCompCor'" in message
    assert str(files.tsv) in message
    assert "aCompCor components of CSF (up to 5, none there)" in message
    assert "timeseries.json, which tells the masks of aCompCor, is missing or empty" in message
    assert message.endswith("shipped recipes that would work: 12P, 24P, simple (--denoise).")


def test_fewer_components_than_asked_for_are_used_and_counted(files, metadata):
    for i in (18, 19, 20):
        metadata[f"a_comp_cor_{i}"]["Retained"] = False
    files.json.write_text(json.dumps(metadata))
    recipe = load_recipe("aCompCor")
    chosen = select(read_confounds(files.tsv), recipe)
    assert chosen.components == {"CSF": 4, "WM": 5}
    assert len(chosen.names) == 33
    assert "4 aCompCor components of CSF" in " ".join(chosen.notes)
    header = read_header(files.tsv)
    assert header.components(recipe) == chosen.components
    assert header.n_regressors(recipe) == 33


def test_without_any_component_the_recipe_is_refused(files, metadata):
    files.json.write_text(
        json.dumps({k: v for k, v in metadata.items() if v.get("Mask") != "CSF"})
    )
    with pytest.raises(InputError, match=r"aCompCor components of CSF .*24P.*36P"):
        select(read_confounds(files.tsv), load_recipe("aCompCor"))


def test_unequal_numbers_of_components_are_a_remark():
    counts = {"ses-post": {"CSF": 4, "WM": 5}, "ses-pre": {"CSF": 5, "WM": 5}}
    (remark,) = unequal_components(counts)
    assert "CSF: ses-post 4, ses-pre 5" in remark
    assert unequal_components({"ses-pre": {"CSF": 5}}) == ()


def test_masks_are_known_by_names_where_there_is_no_json(files, table):
    letters = {0: "a", 1: "w", 2: "c"}
    renamed = {f"a_comp_cor_{i:02d}": f"{letters[i // 7]}_comp_cor_{i % 7:02d}" for i in range(21)}
    files.write(table.rename(columns=renamed))
    files.json.unlink()
    names = select(read_confounds(files.tsv), load_recipe("aCompCor")).names
    assert names[-10:] == tuple(f"{m}_comp_cor_{i:02d}" for m in "cw" for i in range(5))


def test_numbered_components_without_json_have_no_mask(files):
    files.json.unlink()
    assert read_header(files.tsv).missing(load_recipe("aCompCor"))


OLD = {
    **{new: old for old, new in OLD_NAMES.items()},
    "cosine00": "Cosine00", "a_comp_cor_03": "aCompCor03",
    "non_steady_state_outlier00": "NonSteadyStateOutlier00",
}  # fmt: skip


def test_the_names_of_the_first_versions_give_the_same_regressors(files, table, metadata):
    steady = table.assign(non_steady_state_outlier00=np.eye(T)[0])
    files.write(steady, metadata)
    today = read_confounds(files.tsv)
    recipe = load_recipe("36P")
    expected = select(today, recipe)
    bases = [c for c in steady if not c.endswith(("_derivative1", "_power2"))]
    files.write(steady[bases].rename(columns=OLD), {})
    old = read_confounds(files.tsv)
    assert read_header(files.tsv).missing(recipe) == ()
    chosen = select(old, recipe)
    assert chosen.names == expected.names
    np.testing.assert_allclose(chosen.values, expected.values, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(old.fd, today.fd)
    np.testing.assert_array_equal(old.non_steady_state, today.non_steady_state)


def test_a_column_under_its_old_and_its_new_name_is_refused(files, table, metadata):
    files.write(table.assign(CSF=1.0), metadata)
    with pytest.raises(InputError, match="more than one column with the name 'csf'"):
        read_confounds(files.tsv)


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_a_displacement_that_cannot_be_is_computed_from_the_motion(files, table, metadata, wrong):
    true = table["framewise_displacement"].copy()
    table.loc[3, "framewise_displacement"] = wrong
    files.write(table, metadata)
    confounds = read_confounds(files.tsv)
    np.testing.assert_allclose(confounds.fd, true)
    assert "computed from the motion" in select(confounds, load_recipe("36P")).notes[0]


def test_a_displacement_a_little_below_zero_is_a_head_at_rest(files, table, metadata):
    true = table["framewise_displacement"].copy()
    table.loc[3, "framewise_displacement"] = -0.03
    files.write(table, metadata)
    confounds = read_confounds(files.tsv)
    np.testing.assert_array_equal(confounds.fd, true.where(true.index != 3, 0.0))
    assert "-0.03 mm" in select(confounds, load_recipe("36P")).notes[0]


@pytest.mark.parametrize(("wrong", "told"), [(-0.1, "below 0"), (np.nan, "not give for every")])
def test_a_wrong_displacement_is_refused_where_nothing_tells_the_motion(
    files, table, metadata, wrong, told
):
    table.loc[3, "framewise_displacement"] = wrong
    files.write(table.drop(columns="rot_z"), metadata)
    scrubbing = Recipe(name="x", columns=("csf",), scrub=Scrub())
    with pytest.raises(InputError, match=f"framewise_displacement.*{told}"):
        select(read_confounds(files.tsv), scrubbing)


def test_dvars_below_zero_matter_only_where_volumes_are_censored_by_them(files, table, metadata):
    table.loc[3, "std_dvars"] = -0.1
    files.write(table, metadata)
    confounds = read_confounds(files.tsv)
    select(confounds, load_recipe("36P"))
    with pytest.raises(InputError, match=r"std_dvars.*below 0"):
        select(confounds, load_recipe("36P").with_options(dvars_threshold=1.5))


def test_where_no_shipped_recipe_works_the_user_is_told_how_to_write_one(files, table):
    path = files.write(table[["global_signal", "std_dvars", "cosine00", "cosine01"]], {})
    for name in available():
        if name in ("none", "asis", "AROMA", "tedana"):
            continue
        with pytest.raises(InputError, match=r"trans_x, trans_y, trans_z.*more.*write a recipe"):
            check_header(path, load_recipe(name))
    own = Recipe(name="own", columns=("global_signal", "cosine*"))
    check_header(path, own)
    assert select(read_confounds(path), own).values.shape == (T, 3)


@pytest.mark.parametrize("name", ["24P", "36P", "aCompCor", "simple", "none"])
def test_the_header_tells_the_same_as_the_whole_file(files, table, name):
    recipe = load_recipe(name)
    assert read_header(files.tsv).missing(recipe) == ()
    files.write(table[["csf"]], {})
    missing = read_header(files.tsv).missing(recipe)
    assert bool(missing) == (name != "none")
    if not missing:
        check_header(files.tsv, recipe)
        return
    with pytest.raises(InputError) as by_file:
        select(read_confounds(files.tsv), recipe)
    with pytest.raises(InputError) as by_header:
        check_header(files.tsv, recipe)
    assert str(by_header.value) == str(by_file.value)
    assert missing[0] in str(by_file.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_marks_and_line_ends_do_not_matter(tmp_path, end, mark):
    path = tmp_path / "confounds.tsv"
    path.write_bytes(mark + end.join(["csf\trot_x", "1\tn/a", "2.5\t-1e-3", ""]).encode())
    confounds = read_confounds(path, 2)
    assert list(confounds.columns) == ["csf", "rot_x"]
    np.testing.assert_array_equal(confounds.columns["csf"], [1, 2.5])
    np.testing.assert_array_equal(confounds.columns["rot_x"], [np.nan, -0.001])
    assert confounds.metadata == {}
    assert read_header(path).missing(Recipe(name="x", columns=("csf",))) == ()


class Wrong(NamedTuple):
    content: str
    says: str


WRONG = {
    "empty": Wrong("", "is empty"),
    "only line ends": Wrong("\n\n", "is empty"),
    "no rows": Wrong("csf\trot_x\n", "has a header but no rows"),
    "text": Wrong("csf\trot_x\n1\t2\n3\tlow\n", "'rot_x' .* in line 3 is 'low'"),
    "decimal comma": Wrong("csf\n1\n2,5\n", "'csf' .* in line 3 is '2,5'"),
    "short row": Wrong("csf\trot_x\n1\t2\n3\n", "Line 3 .* has 1 cells, and the header has 2"),
    "rows": Wrong("csf\n1\n2\n3\n", "has 3 rows, and the run has 2 volumes"),
    "twice": Wrong("csf\tcsf\n1\t2\n3\t4\n", "more than one column with the name 'csf'"),
    "binary": Wrong("\udc80\udcff", "not text in UTF-8"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_damaged_file_is_refused_with_its_path_and_reason(tmp_path, case):
    path = tmp_path / "confounds.tsv"
    path.write_bytes(case.content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=case.says) as caught:
        read_confounds(path, 2)
    assert str(path) in str(caught.value)


def test_only_line_ends_end_a_line(tmp_path):
    path = tmp_path / "confounds.tsv"
    path.write_text("csf\n1\u2028\n2\x0c\n")
    np.testing.assert_array_equal(read_confounds(path, 2).columns["csf"], [1, 2])


def test_values_whose_square_is_no_number_are_refused(tmp_path):
    path = tmp_path / "confounds.tsv"
    path.write_text("csf\n1.7e308\n-1.7e308\n")
    with pytest.raises(InputError, match=r"in line 2 is 1\.7e308"):
        read_confounds(path, 2)


class Cells(NamedTuple):
    cells: tuple[str, ...]
    says: str


CELLS = {
    "nothing but n/a": Cells(("n/a", "n/a", "n/a"), "has no number at all"),
    "n/a in the middle": Cells(("1", "n/a", "3"), "no number in line 3"),
    "n/a twice at the start": Cells(("n/a", "n/a", "3"), "no number in line 3"),
    "infinite": Cells(("1", "2", "inf"), "no number in line 4"),
}


@pytest.mark.parametrize("case", CELLS.values(), ids=CELLS.keys())
def test_values_that_cannot_be_regressed_are_refused(tmp_path, case):
    path = tmp_path / "confounds.tsv"
    path.write_text("\n".join(["csf", *case.cells]) + "\n")
    confounds = read_confounds(path, 3)
    select(confounds, Recipe(name="x"))
    with pytest.raises(InputError, match=f"Column 'csf' .*{case.says}"):
        select(confounds, Recipe(name="x", columns=("csf",)))


def test_a_missing_file_and_a_dangling_link_are_told_apart(tmp_path):
    with pytest.raises(MissingInputError, match="There is no file"):
        read_confounds(tmp_path / "confounds.tsv")
    link = tmp_path / "link.tsv"
    link.symlink_to(tmp_path / "annex")
    for read in (read_confounds, lambda path: check_header(path, load_recipe("36P"))):
        with pytest.raises(MissingInputError, match="datalad get"):
            read(link)


def test_a_folder_is_no_confounds_file(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read_confounds(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '"\udc80"'])
def test_a_damaged_json_is_named(files, content):
    files.json.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"timeseries\.json"):
        read_confounds(files.tsv)


CELL = st.one_of(
    st.floats().map(str),
    st.sampled_from(["n/a", "", "0", "-1e-3", " 1 ", "1_0", "x", "\x00", "\u2028", '"1"']),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=4),
)
TABLE = st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5).map(
    lambda rows: "\n".join("\t".join(row) for row in rows).encode()
)
HEADED = TABLE.map(lambda body: b"csf\trot_x\n" + body)
NUMBERS = st.lists(st.tuples(*[st.floats().map(str)] * 6), min_size=1, max_size=4).map(
    lambda rows: "\n".join("\t".join(row) for row in [MOTION, *rows]).encode()
)
KEYS = st.sampled_from(["csf", "Method", "Mask", "a_comp_cor_00", "Retained"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
SIDECAR = st.dictionaries(KEYS, JSON, max_size=3)


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.one_of(st.binary(max_size=60), TABLE, HEADED, NUMBERS), about=SIDECAR | JSON)
def test_whatever_the_file_holds_the_error_is_ours(tmp_path, content, about):
    path = tmp_path / "confounds.tsv"
    path.write_bytes(content)
    path.with_suffix(".json").write_text(json.dumps(about))
    recipes = [
        Recipe(name="x", columns=("csf",)),
        Recipe(name="y", columns=("trans_x", "rot*"), scrub=Scrub()),
        load_recipe("aCompCor"),
    ]
    for recipe in recipes:
        missing = ()
        with suppress(GradshiftError):
            missing = read_header(path).missing(recipe)
        with suppress(GradshiftError):
            confounds = read_confounds(path)
            assert len(confounds.non_steady_state) == confounds.n_volumes
            selected = select(confounds, recipe)
            assert missing == ()
            assert np.isfinite(selected.values).all()


def test_every_other_volume_has_the_confounds_of_a_slower_scan(files, table, metadata):
    files.write(table, metadata)
    confounds = read_confounds(files.tsv)
    volumes = np.arange(0, T, 2)
    slower = confounds.at(volumes)
    np.testing.assert_allclose(slower.fd[1:], confounds.fd[1:-1:2] + confounds.fd[2::2])
    chosen = select(slower, load_recipe("36P"))
    csf = table["csf"].to_numpy()[volumes]
    derived = chosen.values[:, chosen.names.index("csf_derivative1")]
    np.testing.assert_allclose(derived[1:], np.diff(csf))
    np.testing.assert_array_equal(chosen.values[:, chosen.names.index("csf")], csf)
