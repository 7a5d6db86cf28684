"""The audit of acquisitions: what differs within people, over the study, and what it bears on."""

from dataclasses import replace

from gradshift import settings as schema
from gradshift.bids.acquired import read_acquisition
from gradshift.bids.acquisition import Acquisition
from gradshift.bids.audit import audit, differences, gathered, summed
from gradshift.bids.inputs import find_runs
from synthetic import MNI, RAW, Image, grow, person, preprocessed

SAME = Acquisition(repetition_time=2.0, voxel_size="2 x 2 x 2", manufacturer="A", volumes=200)


def run(sub, ses, task="rest", **entities):
    return {"sub": sub, "ses": ses, "task": task, **entities}


def everybody(**changed):
    """Two people, two sessions; `changed` are fields of the acquisition by person_session."""
    return [
        (run(sub, ses), replace(SAME, **changed.get(f"s{sub}_{ses}", {})))
        for sub in ("1", "2")
        for ses in ("pre", "post")
    ]


def test_runs_that_are_alike_differ_in_nothing():
    assert differences(everybody()) == []


def test_a_difference_between_the_sessions_of_a_person_is_theirs():
    (row,) = differences(everybody(s1_post={"repetition_time": 1.0}))
    assert (row.scope, row.participants, row.what) == ("person", ("sub-1",), "repetition_time")
    assert row.values == {"1 s": ("ses-post",), "2 s": ("ses-pre",)}
    assert row.bears_on_numbers
    assert "repetition time" in row.sentence


def test_people_whose_sessions_differ_alike_are_named_together():
    finer = {"repetition_time": 1.0}
    (row,) = differences(everybody(s1_post=finer, s2_post=finer))
    assert row.participants == ("sub-1", "sub-2")
    assert len(differences(everybody(s1_post=finer, s2_pre=finer))) == 2


def test_many_ways_to_differ_in_one_thing_are_one_sentence():
    rows = differences(everybody(s1_post={"volumes": 190}, s2_pre={"volumes": 180}))
    (same,) = gathered(rows)
    assert "2 people" in summed(same)
    assert "volumes of task-rest, in 2 ways" in summed(same)
    assert "in sub-1 (190: ses-post; 200: ses-pre)" in summed(same)
    assert summed(same).lower().count("sessions of") == 1
    assert summed(same[:1]) == same[0].sentence


def test_other_labels_of_the_same_task_are_said():
    (row,) = differences(everybody(s1_post={"labels": "acq-mb"}))
    assert row.values == {"acq-mb": ("ses-post",), "n/a": ("ses-pre",)}


def test_what_a_sidecar_says_is_read_back():
    how = replace(SAME, echo_time="12, 28.1", volumes=None)
    assert how.as_sidecar()["RepetitionTime"] == 2.0
    assert Acquisition.of_sidecar(how.as_sidecar()) == how


def test_a_difference_between_people_is_one_of_the_study():
    other = {"manufacturer": "B"}
    (row,) = differences(everybody(s2_pre=other, s2_post=other))
    assert (row.scope, row.what, row.bears_on_numbers) == ("study", "manufacturer", False)
    assert row.values == {"A": ("sub-1",), "B": ("sub-2",)}


def test_what_is_not_known_of_one_session_is_a_difference():
    (row,) = differences(everybody(s1_pre={"manufacturer": None}))
    assert row.values == {"A": ("ses-post",), "n/a": ("ses-pre",)}


def test_directions_within_a_session_are_compared_as_a_set():
    rows = [
        (run("1", ses, dir=label), replace(SAME, phase_encoding=axis))
        for ses in ("pre", "post")
        for label, axis in (("AP", "j-"), ("PA", "j"))
    ]
    assert differences(rows) == []
    (row,) = differences(rows[:3])
    assert row.values == {"j and j-": ("ses-pre",), "j-": ("ses-post",)}


def test_tasks_are_not_compared_with_each_other():
    rows = [(run("1", "pre"), SAME), (run("1", "pre", "movie"), replace(SAME, volumes=9))]
    assert differences(rows) == []


def test_the_raw_json_tells_what_the_preprocessed_one_does_not(tmp_path):
    about = {
        "EchoTime": [0.012, 0.0281], "Manufacturer": "Siemens", "MagneticFieldStrength": 3,
        "ManufacturersModelName": "Prisma", "SliceTiming": [0, 1, 0, 1], "RepetitionTime": 9,
        "PhaseEncodingDirection": "j-", "SoftwareVersions": "E11",
    }  # fmt: skip
    grow(tmp_path, {"dataset_description.json": RAW, "task-rest_bold.json": about})
    root = grow(
        tmp_path / "derivatives" / "fmriprep", preprocessed(person("01", "pre", bold=Image(tr=0)))
    )
    settings = schema.make(root, tmp_path / "out", "participant", {})
    (found,) = runs = find_runs(settings, {"Atlas": (MNI,)})
    ((entities, how),) = audit(runs, settings)
    assert entities == found.entities
    assert how == read_acquisition(
        found, root, [tmp_path], "fMRIPrep 24.1.1"
    ) == Acquisition(
        repetition_time=2.0, echo_time="12, 28.1", voxel_size="4 x 4 x 4", volumes=8,
        phase_encoding="j-", slice_timing="4 slices, 2 times", field_strength=3.0,
        manufacturer="Siemens", model="Prisma", software="E11", fmriprep="fMRIPrep 24.1.1",
        space=MNI, resolution="2",
    )  # fmt: skip


def test_a_damaged_raw_json_is_said_once_and_the_rest_is_still_known(tmp_path, caplog):
    grow(tmp_path, {"dataset_description.json": RAW})
    (tmp_path / "task-rest_bold.json").write_text("{damaged")
    people = (person("01", "pre", bold=Image(tr=2)), person("02", "pre", bold=Image(tr=1)))
    root = grow(tmp_path / "derivatives" / "fmriprep", preprocessed(*people))
    settings = schema.make(root, tmp_path / "out", "participant", {})
    runs = find_runs(settings, {"Atlas": (MNI,)})
    caplog.clear()
    found = audit(runs, settings)
    assert [how.repetition_time for _, how in found] == [2.0, 2.0]
    damaged = str(tmp_path / "task-rest_bold.json")
    assert len([one for one in caplog.records if damaged in one.getMessage()]) == 1


def test_a_run_of_another_dataset_has_no_json_of_an_image(tmp_path):
    root = grow(
        tmp_path / "derivatives" / "fmriprep", preprocessed(person("01", "pre", bold=Image()))
    )
    settings = schema.make(root, tmp_path / "out", "participant", {})
    (own,) = find_runs(settings, {"Atlas": (MNI,)})
    (tmp_path / "elsewhere").mkdir()
    assert read_acquisition(own, tmp_path / "elsewhere").echo_time is None
