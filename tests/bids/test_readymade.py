"""Tables of other programs: which regions their columns are, and which volumes their rows."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

import doors
import tiny
from gradshift.atlases.catalogue import load_atlas
from gradshift.bids import doors as words
from gradshift.bids.doors import Door
from gradshift.bids.numbertable import read_header, read_values
from gradshift.bids.readymade import find_ready
from gradshift.bids.readyread import (
    read_matrix,
    read_motion,
    read_series,
    read_unfiltered,
    retained,
)
from gradshift.bids.regionnames import columns_of, contradicts
from gradshift.bids.tableheader import Header
from gradshift.errors import InputError, MissingInputError, NothingSelectedError, SettingsError
from gradshift.settings import Inputs

ATLASES = {"Tiny": doors.NAMES}


def header(names):
    return Header(tuple(names), len(names))


def names_of(atlas):
    return load_atlas(atlas).regions().names


def of_4s(atlas):
    """Names as the 4S atlases have them: no number of networks, and subcortex after the cortex."""
    cortex = [name.removeprefix("7Networks_") for name in names_of(atlas)]
    return [*cortex, "LH-Ca", "RH-Ca", "Cerebellar_Region1", "Cerebellar_Region2"]


def test_the_cortex_of_a_4s_atlas_is_ours_in_any_order():
    names = of_4s("Schaefer2018_200_7")
    wanted = names_of("Schaefer2018_200_7")
    assert columns_of(header(names), wanted) == tuple(range(200))
    turned = columns_of(header(names[::-1]), wanted)
    assert [names[::-1][place] for place in turned] == names[:200]


@pytest.mark.parametrize("other", ["Schaefer2018_100_7", "Schaefer2018_400_7"])
def test_another_resolution_of_the_same_atlas_is_not_ours(other):
    assert columns_of(header(of_4s(other)), names_of("Schaefer2018_200_7")) == ()
    assert (
        columns_of(header(names_of("Schaefer2018_200_17")), names_of("Schaefer2018_200_7")) == ()
    )


def test_subcortex_that_a_table_lacks_is_missing_and_the_cortex_is_not():
    found = columns_of(header(of_4s("Schaefer2018_200_7")), names_of("Schaefer2018_200_7+TianS2"))
    assert found[:200] == tuple(range(200))
    assert set(found[200:]) == {-1}


def test_a_table_without_names_has_the_regions_in_order_if_it_has_as_many():
    assert columns_of(Header(None, 40), doors.NAMES) == tuple(range(40))
    assert columns_of(Header(None, 39), doors.NAMES) == ()


def test_tables_are_read_with_and_without_names(tmp_path):
    path = tmp_path / "a_timeseries.tsv"
    path.write_text("1\t2\nn/a\t4\n")
    assert read_header(path) == Header(None, 2)
    np.testing.assert_equal(read_values(path), [[1, 2], [np.nan, 4]])
    path.write_text("\ta\tb\na\t1\t0.5\nb\t0.5\t1\n")
    assert read_header(path).names == ("", "a", "b")
    np.testing.assert_equal(read_values(path)[:, 1:], [[1, 0.5], [0.5, 1]])
    path.write_text("a\tb\n1\tmany\n")
    with pytest.raises(InputError, match="many"):
        read_values(path)


@pytest.mark.parametrize(
    "write",
    [
        doors.bare,
        doors.arrays,
        doors.parcels,
        doors.c_pac,
        doors.giga_connectome,
        doors.halfpipe,
        doors.conn,
    ],
)
def test_series_are_the_same_however_they_are_stored(write, tmp_path):
    source = write(tmp_path / "source")
    runs = find_ready(Inputs(), Door("series", source), ATLASES)
    assert [(run.entities["sub"], run.entities["ses"]) for run in runs] == sorted(
        (sub, ses) for sub, ses, _ in doors.sessions()
    )
    run = runs[0]
    assert (run.gives, round(run.tr, 6), run.problem) == ("series", tiny.TR, "")
    truth = doors.series(run.entities["sub"], run.entities["ses"])[doors.kept()]
    np.testing.assert_allclose(read_series(run.tables["Tiny"], doors.NAMES), truth, rtol=1e-6)


def test_a_label_without_a_column_is_a_region_without_values(tmp_path):
    names = tuple(f"Mean_{label}" for label in (*range(1, 7), *range(8, 41)))
    places = columns_of(header(names), doors.NAMES)
    assert places == (*range(6), -1, *range(6, 39))
    assert columns_of(header(names[:-4]), doors.NAMES) == ()  # too few: another atlas
    assert columns_of(header((*names, "Mean_41")), doors.NAMES) == ()


@pytest.mark.parametrize(
    ("file", "other"),
    [
        ("sub-1_atlas-Schaefer2018p200n17_space-X_desc-Mean_timeseries.1D", True),
        ("sub-1_atlas-Schaefer2018p200n7_space-X_desc-Mean_timeseries.1D", False),
        ("sub-1_atlas-Schaefer201817Networks_desc-200Parcels17NetworksSimple_relmat.tsv", True),
        ("sub-1_atlas-Schaefer20187Networks_desc-200Parcels7NetworksSimple_relmat.tsv", False),
        ("sub-1_seg-Schaefer2018200Parcels17Networks_desc-denoiseSimple_timeseries.tsv", True),
        ("sub-1_seg-Schaefer2018200Parcels7Networks_desc-denoiseSimple_timeseries.tsv", False),
        ("sub-1_atlas-mine_timeseries.tsv", False),
    ],
)
def test_the_name_of_a_file_may_say_that_its_regions_are_others(file, other):
    assert contradicts(file, "Schaefer2018_200_7") is other
    assert contradicts(file, "Schaefer2018_200_7+TianS2") is other
    assert not contradicts(file, "Tiny")


@pytest.mark.parametrize(
    "text",
    [
        "# /d/roi.nii.gz\n#\tMean_1 \tMean_2 \n# Sub-brick 0\n\t1\t2\n# Sub-brick 1\n\t3\t4.5\n",
        "#Mean_1,Mean_2\n1,2,\n3,4.5,\n",
        "Mean_1,Mean_2\n1,2\n3,4.5\n",
    ],
)
def test_tables_of_afni_are_read_with_their_comments(text, tmp_path):
    path = tmp_path / "a_timeseries.1D"
    path.write_text(text)
    assert read_header(path).names == ("Mean_1", "Mean_2")
    np.testing.assert_equal(read_values(path), [[1, 2], [3, 4.5]])
    path.write_text(text.replace("4.5", ""))
    with pytest.raises(InputError, match=r"Row 2.*cut off"):
        read_values(path)


def test_a_file_that_is_none_of_conn_is_one_sentence(tmp_path):
    path = tmp_path / "a_timeseries.mat"
    path.write_bytes(b"no MATLAB at all" * 20)
    with pytest.raises(InputError, match="no ROI file of CONN"):
        read_header(path)
    savemat(path, {"names": np.ones(3)})
    with pytest.raises(InputError, match="no ROI file of CONN"):
        read_header(path)


def test_people_one_folder_deeper_and_projects_of_conn_are_said(tmp_path):
    doors.c_pac(tmp_path / "out" / "pipeline_default")
    with pytest.raises(NothingSelectedError, match="pipeline_default: give the path"):
        find_ready(Inputs(), Door("series", tmp_path / "out"), ATLASES)
    project = tmp_path / "conn" / "results" / "preprocessing"
    project.mkdir(parents=True)
    (project / "ROI_Subject001_Condition001.mat").touch()
    with pytest.raises(NothingSelectedError, match="link them under names of BIDS"):
        find_ready(Inputs(), Door("series", tmp_path / "conn"), ATLASES)


def test_features_of_one_atlas_are_chosen_between_by_their_name(tmp_path):
    source = doors.halfpipe(tmp_path / "source")
    for path in source.glob("sub-*/**/*_feature-corrMatrix_*"):
        copy = path.with_name(path.name.replace("corrMatrix", "other"))
        copy.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match='"feature"'):
        find_ready(Inputs(), Door("series", source), ATLASES)
    choice = tmp_path / "filter.json"
    choice.write_text(json.dumps({"series": {"feature": "other"}}))
    runs = find_ready(Inputs(bids_filter_file=str(choice)), Door("series", source), ATLASES)
    assert all("feature-other" in run.source.name for run in runs)
    assert "feature" not in runs[0].entities


@pytest.mark.parametrize("mode", ["linc", "abcd"])
def test_both_modes_of_xcp_d_have_the_volumes_that_are_no_outliers(mode, tmp_path):
    source = doors.xcp_d(tmp_path / "xcp_d", mode, "seg" if mode == "abcd" else "atlas")
    run = find_ready(Inputs(), Door("xcp_d", source), ATLASES)[0]
    values = read_series(run.tables["Tiny"], doors.NAMES)
    known = retained(run.tables["Tiny"], len(values), run.outliers)
    assert known.known
    np.testing.assert_array_equal(known.kept, doors.kept())
    truth = doors.series(run.entities["sub"], run.entities["ses"])[doors.kept()]
    np.testing.assert_allclose(values[known.rows], truth, rtol=1e-9)
    np.testing.assert_array_equal(read_motion(run.motion, tiny.N_VOLUMES), doors.fd())
    assert set(run.coverage) == {"Tiny"}


def test_of_xcp_d_that_filtered_motion_the_filtered_displacement_counts(tmp_path):
    table = pd.DataFrame({"framewise_displacement": [0.4, 0.5]})
    path = doors.save(tmp_path / "a", "motion.tsv", table)
    assert read_unfiltered(path, 2) is None
    np.testing.assert_array_equal(read_motion(path, 2), [0.4, 0.5])
    path = doors.save(
        tmp_path / "a", "motion.tsv", table.assign(framewise_displacement_filtered=[0.1, 0.2])
    )
    np.testing.assert_array_equal(read_motion(path, 2), [0.1, 0.2])
    np.testing.assert_array_equal(read_unfiltered(path, 2), [0.4, 0.5])
    assert read_unfiltered(None, 2) is None


def test_rows_that_are_neither_all_volumes_nor_the_kept_ones_are_refused(tmp_path):
    run = find_ready(Inputs(), Door("xcp_d", doors.xcp_d(tmp_path / "x")), ATLASES)[0]
    with pytest.raises(InputError, match=r"150 volumes.*has 200.*197"):
        retained(run.tables["Tiny"], 150, run.outliers)


def test_series_of_our_own_say_which_volumes_they_are(tmp_path):
    path = tmp_path / "sub-01_timeseries.tsv"
    about = {"RetainedVolumes": [0, 2, 3], "NumberOfVolumes": 5, "RetainedVolumesRun": [0, 0, 0]}
    path.with_suffix(".json").write_text(json.dumps(about))
    assert list(retained(path, 3, None).kept) == [True, False, True, True, False]
    about["RetainedVolumesRun"] = [0, 0, 1]
    path.with_suffix(".json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="joined"):
        retained(path, 3, None)


def test_two_tables_of_one_atlas_must_be_chosen_between(tmp_path):
    source = doors.bare(tmp_path / "source")
    one = next(source.glob("sub-01/ses-pre/func/*.tsv"))
    for desc in ("one", "two"):
        copy = one.with_name(one.name.replace("_timeseries", f"_desc-{desc}_timeseries"))
        copy.write_bytes(one.read_bytes())
    runs = find_ready(Inputs(), Door("series", source), ATLASES)
    assert [run.entities["ses"] for run in runs if "Several tables" in run.problem] == ["pre"]
    choice = tmp_path / "filter.json"
    choice.write_text(json.dumps({"series": {"desc": "one"}}))
    chosen = Inputs(bids_filter_file=str(choice))
    (run,) = find_ready(chosen, Door("series", source), ATLASES)
    assert not run.problem


def test_matrices_alone_are_taken_where_there_is_no_series(tmp_path):
    run = find_ready(Inputs(), Door("series", doors.matrices(tmp_path / "m")), ATLASES)[0]
    assert run.gives == "matrix"
    truth = np.corrcoef(doors.series("01", run.entities["ses"])[doors.kept()].T)
    np.testing.assert_allclose(read_matrix(run.tables["Tiny"], doors.NAMES), truth, atol=1e-9)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda m: np.arctanh(np.clip(m, -0.999, 0.999)) + np.eye(len(m)), "diagonal|beyond"),
        (lambda m: m + np.triu(np.full(m.shape, 0.1), 1) * (np.abs(m) < 0.8), "symmetric"),
    ],
)
def test_what_is_no_matrix_of_correlations_is_refused(spoil, says, tmp_path):
    truth = np.corrcoef(doors.series("01", "pre").T)
    path = doors.save(tmp_path / "x", "relmat.tsv", doors.table(spoil(truth)))
    with pytest.raises(InputError, match=says):
        read_matrix(path, doors.NAMES)


def test_what_is_not_there_is_said(tmp_path):
    source = doors.bare(tmp_path / "source")
    with pytest.raises(NothingSelectedError, match=r"99.*01, 02, 03, 04"):
        find_ready(Inputs(participant_label=("99",)), Door("series", source), ATLASES)
    with pytest.raises(NothingSelectedError, match=r"No session late.*post, pre"):
        find_ready(Inputs(session_label=("late",)), Door("series", source), ATLASES)
    with pytest.raises(InputError, match=r"Other_0.*2 in all.*atlas-Tiny_timeseries\.tsv"):
        find_ready(Inputs(), Door("series", source), {"Other": ("Other_0", "Other_1")})
    (tmp_path / "empty" / "sub-01" / "func").mkdir(parents=True)
    with pytest.raises(NothingSelectedError, match="no table"):
        find_ready(Inputs(), Door("series", tmp_path / "empty"), ATLASES)


def test_a_run_without_a_repetition_time_is_a_problem_of_that_run(tmp_path):
    source = doors.bare(tmp_path / "source")
    next(source.glob("sub-02/ses-pre/func/*.json")).unlink()
    problems = {
        run.label: run.problem for run in find_ready(Inputs(), Door("series", source), ATLASES)
    }
    assert [label for label, text in problems.items() if text] == ["sub-02 ses-pre task-rest"]


def test_words_that_name_a_door(tmp_path):
    assert words.ready_made([f"petprep={tmp_path}"]) is None
    assert words.ready_made([f"series={tmp_path}"]) == Door("series", tmp_path)
    assert words.others([f"series={tmp_path}", f"tedana={tmp_path}"]) == ["tedana"]
    with pytest.raises(MissingInputError, match="nowhere"):
        words.ready_made(["xcp_d=/nowhere"])
    with pytest.raises(SettingsError, match="fmriprep and series"):
        words.ready_made([f"series={tmp_path}", f"fmriprep={tmp_path}"])
    with pytest.raises(SettingsError, match="NAME=PATH"):
        words.given(["/data/fmriprep"])


def test_a_table_of_confounds_is_no_table_of_regions(tmp_path):
    source = doors.bare(tmp_path / "source")
    start = doors.stem(source, "01", "pre")
    motion = pd.DataFrame({"framewise_displacement": doors.fd()[doors.kept()]})
    doors.save(start, "desc-confounds_timeseries.tsv", motion)
    runs = {run.label: run for run in find_ready(Inputs(), Door("series", source), ATLASES)}
    run = runs["sub-01 ses-pre task-rest"]
    assert run.motion is not None
    assert run.tables["Tiny"] != run.motion
