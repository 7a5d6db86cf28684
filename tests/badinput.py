"""What labs get wrong, as a table: the fault, the exit code, the sentence, what else comes out.

`attempt` spoils a small study as a case says and runs it. The suite asks every case for what
it expects; ``tools/make_reliability.py`` writes what was seen into ``docs/reliability.md``.
"""

import gzip
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd

from gradshift.cli import main
from tiny import AFFINE, Study, labels, without_pictures, write_study

OPTIONS = ("--denoise", "24P", "--no-voxelwise", "--measures", "withinfc", "meanfc")
BAD = ("01", "post")
"""The session that is spoilt."""

OTHER_USER = 65534

WHEN = re.compile(r"^\d\d:\d\d:\d\d (?:\w+: )?")
"""What a line of the log begins with."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way of going wrong.

    Parameters
    ----------
    name : str
        What is wrong, for the table.
    spoil : callable
        Changes a good study, and may return words to put in the place of others on the
        command line: ``{"options": [...], "out": Path, "bids": Path, "atlas": Path}``.
    code : int
        Expected exit code.
    says : str
        Regular expression of the sentence.
    level : str
    options : sequence of str
        Further words of the command line.
    spoilt : str
        Start of the paths of results that may differ from those of the good study; nothing
        may if empty.
    reason : bool
        The results of `spoilt` give a reason instead of values.
    other_user : bool
        Run as a user who may not do everything.
    """

    name: str
    spoil: Callable[[Study], dict[str, Any] | None]
    code: int
    says: str
    level: str = "participant"
    options: Sequence[str] = ()
    spoilt: str = ""
    reason: bool = False
    other_user: bool = False


@dataclass(frozen=True)
class Seen:
    """What came of a case: exit code, what was said, and results by name."""

    code: int
    told: str
    results: dict[str, bytes] = field(repr=False)
    crashes: list[str]

    def sentence(self, says: str) -> str:
        """Return the line that says what is wrong."""
        lines = [WHEN.sub("", line.strip()) for line in self.told.splitlines()]
        return next((line for line in lines if re.search(says, line)), "")


def results(out: Path) -> dict[str, bytes]:
    """Return the tables of an output by name."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for folder in ("sub-*", "group")
        for path in sorted(out.glob(f"{folder}/**/*"))
        if path.is_file() and path.suffix in (".tsv", ".json")
    }


def write_good(folder: Path) -> tuple[Study, Path]:
    """Write a good study, and run both levels into ``out``."""
    study, out = write_study(folder, ["01", "02"], ["pre", "post"], [None]), folder / "out"
    with without_pictures(), redirect_stderr(io.StringIO()):
        if study.run(out, "participant", *OPTIONS) or study.run(out, "group"):
            raise RuntimeError("the good study cannot be run")
    return study, out


def attempt(case: Case, good: Study, finished: Path, folder: Path) -> Seen:
    """Run a case on a copy of the good study; the group level on a copy of its output."""
    shutil.copytree(good.root.parent, folder, ignore=shutil.ignore_patterns("out"), symlinks=True)
    study = Study(folder / "study", folder / "atlas" / "tiny.json")
    out = folder / "out"
    if case.level == "group":
        shutil.copytree(finished, out, ignore=shutil.ignore_patterns("work", "group"))
    folder.chmod(0o755)
    changed = case.spoil(study)
    changed = changed if isinstance(changed, dict) else {}
    out = changed.get("out", out)
    words = [str(changed.get("bids", study.root)), str(out), case.level]
    if case.level == "participant":
        words += ["--atlas", str(changed.get("atlas", study.atlas)), *OPTIONS]
    words += [*case.options, *changed.get("options", ())]
    told = io.StringIO()
    user = as_other_user(folder) if case.other_user else ExitStack()
    with without_pictures(), redirect_stderr(told), redirect_stdout(io.StringIO()), user:
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
    crashes = [str(path) for path in out.glob("logs/crash/*")]
    text = told.getvalue().replace(str(folder), "").replace(str(folder.resolve()), "")
    return Seen(code, text, results(out), crashes)


@contextmanager
def as_other_user(folder: Path) -> Iterator[None]:
    """Be a user with no rights but those of everybody; root may read and write anything."""
    if os.geteuid():
        yield
        return
    os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(0)


# What goes wrong with an image


def _bold(study: Study) -> Path:
    return study.bold(*BAD)


def _mask(study: Study) -> Path:
    return _bold(study).with_name(
        _bold(study).name.replace("desc-preproc_bold", "desc-brain_mask")
    )


def _bytes(change: Callable[[bytes], bytes], of: Callable[[Study], Path] = _bold) -> Any:
    def spoil(study: Study) -> None:
        path = of(study)
        path.write_bytes(change(path.read_bytes()))

    return spoil


def _voxels(change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Change the numbers of the image."""

    def spoil(study: Study) -> None:
        image = nibabel.load(_bold(study))
        changed = nibabel.Nifti1Image(change(np.asarray(image.dataobj).copy()), AFFINE)
        changed.header.set_xyzt_units("mm", "sec")
        if changed.ndim > 3:
            changed.header.set_zooms((*(4.0,) * 3, 2.0, *(1.0,) * (changed.ndim - 4)))
        changed.to_filename(_bold(study))

    return spoil


def _volumes(value: float, which: slice) -> Any:
    def change(data: np.ndarray) -> np.ndarray:
        data[..., which] = value
        return data

    return _voxels(change)


def _nowhere(*of: Callable[[Study], Path]) -> Any:
    """Take out of headers where the voxels lie."""

    def spoil(study: Study) -> None:
        for path in (one(study) for one in of):
            content = gzip.decompress(path.read_bytes())
            header = nibabel.Nifti1Header(content[:348])
            header["qform_code"] = header["sform_code"] = 0
            path.write_bytes(gzip.compress(header.binaryblock + content[348:]))

    return spoil


def _pipe(of: Callable[[Study], Path]) -> Any:
    """Put a pipe that nobody writes to in the place of a file."""

    def spoil(study: Study) -> None:
        of(study).unlink()
        os.mkfifo(of(study))

    return spoil


def _sidecar(study: Study) -> Path:
    return _bold(study).with_name(_bold(study).name.replace(".nii.gz", ".json"))


def _constant(data: np.ndarray) -> np.ndarray:
    data[labels() == 12] = 700
    return data


def _header(**fields: Any) -> Any:
    """Change fields of the header, in place."""

    def change(content: bytes) -> bytes:
        header = nibabel.Nifti1Header(gzip.decompress(content)[:348])
        for name, value in fields.items():
            header[name] = value
        return gzip.compress(header.binaryblock + gzip.decompress(content)[348:])

    return _bytes(change)


def _moved(study: Study, paths: Sequence[Path], by: float) -> None:
    for path in paths:
        image = nibabel.load(path)
        affine = AFFINE.copy()
        affine[:3, 3] += by
        header = image.header.copy()
        header.set_qform(affine)
        header.set_sform(affine)
        nibabel.Nifti1Image(np.asarray(image.dataobj).copy(), affine, header).to_filename(path)


def _new_mask(values: np.ndarray) -> Any:
    return lambda study: nibabel.Nifti1Image(values, AFFINE).to_filename(_mask(study))


def _json(**fields: Any) -> Any:
    """Change the sidecar of the image."""

    def spoil(study: Study) -> None:
        path = _bold(study).with_name(_bold(study).name.replace(".nii.gz", ".json"))
        about = {**json.loads(path.read_text()), **fields}
        path.write_text(json.dumps({k: v for k, v in about.items() if v is not None}))

    return spoil


def _both(*steps: Callable[[Study], Any]) -> Any:
    def spoil(study: Study) -> None:
        for step in steps:
            step(study)

    return spoil


def _dangling(of: Callable[[Study], Path]) -> Any:
    def spoil(study: Study) -> None:
        of(study).unlink()
        of(study).symlink_to("../../../.git/annex/objects/XX/YY/MD5E-s1--0.nii.gz")

    return spoil


def _remove(of: Callable[[Study], Path]) -> Any:
    return lambda study: of(study).unlink()


def _copy_run(name: Callable[[str], str], compress: bool = True) -> Any:
    """Put the same run beside itself under another name."""

    def spoil(study: Study) -> None:
        for path in [*_bold(study).parent.iterdir()]:
            target = path.with_name(name(path.name))
            if target.exists():
                continue
            content = path.read_bytes()
            target.write_bytes(content if compress else gzip.decompress(content))

    return spoil


def _same_image(study: Study) -> None:
    shutil.copy(study.bold("01", "pre"), study.bold("01", "post"))


def _rename(old: str, new: str) -> Any:
    """Rename in every path of the spoilt person's preprocessed data."""

    def spoil(study: Study) -> None:
        top = study.fmriprep / "sub-01"
        for path in sorted(top.rglob("*"), key=lambda p: -len(p.parts)):
            if old in path.name:
                path.rename(path.with_name(path.name.replace(old, new)))
        if old in top.name:
            top.rename(top.with_name(top.name.replace(old, new)))

    return spoil


def _drop_session(study: Study) -> None:
    shutil.rmtree(study.fmriprep / "sub-01" / "ses-post")


def _closed(of: Callable[[Study], Path], mode: int = 0) -> Any:
    def spoil(study: Study) -> None:
        of(study).chmod(mode)
        _open_output(study)

    return spoil


def _open_output(study: Study) -> None:
    """Let anybody write the output, whoever the test runs as."""
    out = study.root.parent / "out"
    out.mkdir(exist_ok=True)
    out.chmod(0o777)


# What goes wrong with confounds


def _confounds(study: Study) -> Path:
    return study.confounds(*BAD)


def _table(change: Callable[[pd.DataFrame], pd.DataFrame], **how: Any) -> Any:
    def spoil(study: Study) -> None:
        path = _confounds(study)
        found = change(pd.read_csv(path, sep="\t", na_values="n/a"))
        found.to_csv(path, index=False, **{"sep": "\t", "na_rep": "n/a", **how})

    return spoil


def _set(column: str, rows: Any, value: Any) -> Any:
    def change(found: pd.DataFrame) -> pd.DataFrame:
        found[column] = found[column].astype(object)
        found.loc[rows, column] = value
        return found

    return _table(change)


# What goes wrong around the data


def _write(name: str, text: str | bytes, **changed: Any) -> Any:
    """Write a file beside the study, and give it on the command line."""

    def spoil(study: Study) -> dict[str, Any]:
        path = study.root.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {key: _filled(value, path) for key, value in changed.items()}

    return spoil


def _filled(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return [_filled(word, path) for word in value]
    return str(path) if value is Path else str(value).replace("{}", str(path))


def _study_file(name: str, text: str | bytes | None) -> Any:
    def spoil(study: Study) -> None:
        path = study.root / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def _other(**changed: Callable[[Study], Any]) -> Any:
    return lambda study: {key: make(study) for key, make in changed.items()}


def _second_fmriprep(study: Study) -> None:
    other = study.fmriprep.with_name("fmriprep-21")
    other.mkdir()
    made = json.loads((study.fmriprep / "dataset_description.json").read_text())
    made["GeneratedBy"] = [{"Name": "fMRIPrep", "Version": "21.0.0"}]
    (other / "dataset_description.json").write_text(json.dumps(made))


def _native_only(study: Study) -> None:
    for path in study.fmriprep.rglob("*.nii.gz"):
        path.rename(path.with_name(path.name.replace("MNI152NLin2009cAsym", "T1w")))


def _not_ours(study: Study) -> None:
    out = study.root.parent / "out"
    out.mkdir()
    (out / "dataset_description.json").write_text(
        json.dumps({"Name": "Precious", "BIDSVersion": "1.8.0"})
    )


def _file_as_output(study: Study) -> None:
    (study.root.parent / "out").write_text("")


def _read_only_output(study: Study) -> None:
    (study.root.parent / "out").mkdir(mode=0o555)


# What goes wrong with an atlas


def _atlas_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Any:
    def spoil(study: Study) -> None:
        path = study.atlas.with_name("tiny.tsv")
        change(pd.read_csv(path, sep="\t")).to_csv(path, sep="\t", index=False)

    return spoil


def _atlas_image(values: np.ndarray) -> Any:
    return lambda study: nibabel.Nifti1Image(values, AFFINE).to_filename(
        study.atlas.with_name("tiny.nii.gz")
    )


def _atlas_json(**fields: Any) -> Any:
    def spoil(study: Study) -> None:
        about = {**json.loads(study.atlas.read_text()), **fields}
        study.atlas.write_text(json.dumps(about))

    return spoil


# What goes wrong between the levels


def _sessions(change: Callable[[pd.DataFrame], pd.DataFrame | None], people: str = "01 02") -> Any:
    def spoil(study: Study) -> None:
        for sub in people.split():
            path = study.root / f"sub-{sub}" / f"sub-{sub}_sessions.tsv"
            found = change(pd.read_csv(path, sep="\t", dtype=str))
            path.unlink()
            if found is not None:
                found.to_csv(path, sep="\t", index=False)

    return spoil


def _result(pattern: str, change: Callable[[bytes], bytes | None]) -> Any:
    """Change a result of the participant level."""

    def spoil(study: Study) -> None:
        (path,) = (study.root.parent / "out").glob(f"sub-01/ses-post/func/{pattern}")
        content = change(path.read_bytes())
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    return spoil


def _no_results(study: Study) -> None:
    shutil.rmtree(study.root.parent / "out")


PEOPLE = "participant_id\nsub-01\nsub-02\n"
SPOILT = "sub-01/ses-post"


def _run(name: str, spoil: Any, says: str, **more: Any) -> Case:
    """Return a case in which one session is left out with a reason, and all else is there."""
    return Case(
        **{
            "name": name, "spoil": spoil, "code": 1, "says": says, "spoilt": SPOILT,
            "reason": True, **more,
        }
    )  # fmt: skip


def _refused(name: str, spoil: Any, code: int, says: str, **more: Any) -> Case:
    """Return a case in which nothing is run."""
    return Case(name=name, spoil=spoil, code=code, says=says, **more)


def _fine(name: str, spoil: Any, says: str = r"4 sessions done, 0 failed", **more: Any) -> Case:
    """Return a case that hinders nothing."""
    return Case(name=name, spoil=spoil, code=0, says=says, **more)


def _group(name: str, spoil: Any, says: str, code: int = 0, **more: Any) -> Case:
    return Case(name=name, spoil=spoil, code=code, says=says, level="group", **more)


def _nothing(study: Study) -> None:
    """Spoil nothing: the command line does."""


_HALF = np.zeros((8, 9, 5), dtype=np.uint8)

CASES = [
    # images
    _run("image: gzip file cut off", _bytes(lambda b: b[: len(b) // 2]), "is (damaged|cut off)"),
    _run("image: gzip file cut off in its header", _bytes(lambda b: b[:40]), "cannot be read"),
    _run("image: one bit flipped in the middle of the gzip file",
         _bytes(lambda b: b[:90000] + bytes([b[90000] ^ 4]) + b[90001:]), "is damaged"),
    _run("image: bytes after the end of the gzip file", _bytes(lambda b: b + b"trailing garbage"),
         "is damaged|holds more data"),
    _run("image: more data than the header promises",
         _bytes(lambda b: gzip.compress(gzip.decompress(b) + b"\0" * 2880)), "holds more data"),
    _run("image: zero bytes", _bytes(lambda b: b""), r"is empty \(0 bytes\)"),
    _run("image: a text file with the name of an image", _bytes(lambda b: b"hello, world\n" * 99),
         "is not a NIfTI image"),
    _run("image: a web page saved in its place", _bytes(lambda b: gzip.compress(b"<html>" * 99)),
         "is not a NIfTI image"),
    _run("image: 3-D instead of 4-D", _voxels(lambda d: d[..., 0]), "is a single 3-D image"),
    _run("image: five dimensions", _voxels(lambda d: np.stack([d, d], axis=-1)),
         "has 5 dimensions"),
    _run("image: one volume", _voxels(lambda d: d[..., :1]), "holds one volume"),
    _run("image: ten volumes, confounds of all", _voxels(lambda d: d[..., :10]),
         "has 200 rows, and the run has 10 volumes"),
    _run("image: a dimension of -1 in the header", _header(dim=[4, 8, -1, 10, 200, 1, 1, 1]),
         "NIfTI header of .* is damaged"),
    _run("image: dimensions that need 10 TB", _header(dim=[4, 30000, 30000, 30, 200, 1, 1, 1]),
         "is cut off|cannot hold|more than a head has"),
    _run("image: more voxels than a head has", _header(dim=[4, 1000, 1000, 1000, 2, 1, 1, 1]),
         "more than a head has"),
    _run("image: a place of the first voxel beyond the end", _header(vox_offset=1e30), "too few"),
    _run("image and mask: no place in space (both codes 0)", _nowhere(_bold, _mask),
         "does not say where its voxels lie"),
    _run("image: JSON is a pipe", _pipe(_sidecar), "is a pipe, where a regular file is needed"),
    _run("image: complex numbers", _voxels(lambda d: d.astype(np.complex64)),
         "numbers of type complex64"),
    _run("image: colours", _header(datatype=128, bitpix=24), "numbers of type"),
    _run("image: affine of zeros", _header(sform_code=1, srow_x=0, srow_y=0, srow_z=0),
         "header of .* is damaged"),
    _run("image: wrong affine, not that of its mask",
         lambda study: _moved(study, [_bold(study)], 4.0), "mask .* lies elsewhere"),
    _run("image and mask: wrong affine, far from the atlas",
         lambda study: _moved(study, [_bold(study), _mask(study)], 500.0),
         "No region of the atlas image .* lies inside the grid"),
    _fine("image: some volumes NaN", _volumes(np.nan, slice(20, 26)), spoilt=SPOILT),
    _fine("image: some volumes infinite", _volumes(np.inf, slice(20, 26)), spoilt=SPOILT),
    _fine("image: some volumes all zero", _volumes(0, slice(20, 26)), spoilt=SPOILT),
    _run("image: all volumes NaN", _volumes(np.nan, slice(None)), "has no usable volume"),
    _run("image: all volumes zero", _volumes(0, slice(None)), "has no usable volume"),
    _run("image: most volumes zero", _volumes(0, slice(30, None)),
         "Cleaning leaves .* degrees of freedom"),
    _fine("image: constant in one region", _voxels(_constant),
          r"1 regions of Tiny are n/a: SomMot_1 \(constant signal\)", spoilt="sub-01"),
    _run("image: constant everywhere", _volumes(700, slice(None)),
         "No region of the atlas has a value: 40 have constant signal"),
    _run("image: a dangling DataLad link", _dangling(_bold), "is a link .*datalad get"),
    _run("image: a placeholder of git-annex",
         _bytes(lambda b: b"/annex/objects/MD5E-s1--0.nii.gz\n"), "placeholder of git-annex"),
    _run("image: not readable", _closed(_bold), "cannot be read .*Permission denied",
         other_user=True),
    Case(name="image: the same under two sessions", spoil=_same_image, code=1,
         says="is the same image as .* one of them lies under a wrong name", spoilt="sub-01/"),
    # repetition time
    _run("TR: in neither JSON nor header", _both(_json(RepetitionTime=None),
         _header(pixdim=[1, 4, 4, 4, 0, 0, 0, 0])), "repetition time of .* is not known"),
    _run("TR: 0 in JSON", _json(RepetitionTime=0), "RepetitionTime of .* is 0 in its JSON"),
    _run("TR: in milliseconds in JSON", _json(RepetitionTime=2000),
         "is 2000 in its JSON sidecar; it must be in seconds"),
    _run("TR: text in JSON", _json(RepetitionTime="2 s"), "is '2 s' in its JSON"),
    _fine("TR: differs between JSON and header", _json(RepetitionTime=1.8),
          "is 1.8 s, as the JSON sidecar says; the header of the image says 2 s", spoilt="sub-01"),
    _fine("TR: only in the header", _json(RepetitionTime=None)),
    _run("JSON of the image: not JSON", _bytes(lambda b: b"{'RepetitionTime': 2,}",
         lambda s: _bold(s).with_name(_bold(s).name.replace(".nii.gz", ".json"))),
         "is not a JSON file"),
    # masks
    _run("mask: another shape", _new_mask(_HALF + 1), "mask .* has 8 x 9 x 5 voxels"),
    _run("mask: empty", _new_mask(np.zeros((8, 9, 10), np.uint8)), "mask .* is empty"),
    _run("mask: NaN throughout", _new_mask(np.full((8, 9, 10), np.nan, np.float32)),
         "mask .* is empty"),
    _run("mask: missing", _remove(_mask), "There is no file .*brain_mask"),
    _run("mask: a dangling DataLad link", _dangling(_mask), "datalad get"),
    _run("mask: cut off", _bytes(lambda b: b[:60], _mask), "brain_mask.* (damaged|cut off|read)"),
    _run("mask: one voxel", _new_mask(np.eye(1, 720, 101).reshape(8, 9, 10).astype(np.uint8)),
         "No region of the atlas has a value: .* no voxel in the brain mask"),
    # confounds
    _run("confounds: missing", _remove(_confounds),
         "There is no (confounds )?file .*desc-confounds"),
    _run("confounds: empty file", _bytes(lambda b: b"", _confounds),
         "confounds_timeseries.tsv is empty"),
    _run("confounds: a header and no rows", _bytes(lambda b: b.split(b"\n")[0], _confounds),
         "has a header but no rows"),
    _run("confounds: another number of rows", _table(lambda t: t.iloc[:-7]),
         "has 193 rows, and the run has 200 volumes"),
    _run("confounds: a column missing", _table(lambda t: t.drop(columns="rot_z")),
         "rot_z"),
    _fine("confounds: a square missing that follows from its column",
          _table(lambda t: t.drop(columns="rot_z_power2")), spoilt="sub-01"),
    _run("confounds: a column without a number", _set("trans_x", slice(None), np.nan),
         "Column 'trans_x' .* has no number at all"),
    _run("confounds: a value missing in the middle", _set("trans_x", 77, np.nan),
         "has no number in line 79"),
    _run("confounds: text where numbers should be", _set("trans_x", 77, "moved"),
         "in line 79 is 'moved'"),
    _run("confounds: an infinite value", _set("trans_x", 77, "inf"), "no number in line 79"),
    _run("confounds: decimal commas", _table(lambda t: t, decimal=","),
         "where a number or n/a should be"),
    _run("confounds: semicolons instead of tabs", _table(lambda t: t, sep=";"),
         "does not have: trans_x"),
    _run("confounds: saved in UTF-16 by a spreadsheet", _table(lambda t: t, encoding="utf-16"),
         "is text in UTF-16; save it again"),
    _run("confounds: a line cut off", _bytes(lambda b: b[:-150], _confounds), "cells, and the"),
    _run("confounds: a column twice",
         _bytes(lambda b: b.replace(b"csf\t", b"trans_y\t", 1), _confounds),
         "more than one column with the name"),
    _fine("confounds: Windows line ends and a byte order mark",
          _bytes(lambda b: b"\xef\xbb\xbf" + b.replace(b"\n", b"\r\n"), _confounds)),
    _run("motion: a head that never rests",
         _set("framewise_displacement", slice(1, None), 1.2),
         r"No volume of 200 is retained .* 199 \(fd\)"),
    # runs, sessions, labels
    _run("runs: run-1 and run-01", _both(_rename("task-rest_", "task-rest_run-1_"),
         lambda study: [p.rename(p.with_name(p.name.replace("run-1_", "")))
                        for p in study.bold("01", "pre").parent.iterdir()],
         lambda study: [shutil.copy(p, p.with_name(p.name.replace("run-1_", "run-01_")))
                        for p in list(_bold(study).parent.iterdir())]),
         "are the same run"),
    _run("runs: .nii beside .nii.gz",
         lambda study: _bold(study).with_suffix("").write_bytes(
             gzip.decompress(_bold(study).read_bytes())), "are the same run"),
    _fine("sessions: one person has no second session", _drop_session,
          "3 sessions done, 0 failed", spoilt="sub-01"),
    _fine("people: a folder without a preprocessed image",
          lambda study: (study.fmriprep / "sub-03").mkdir(),
          "No preprocessed BOLD file for sub-03"),
    _run("labels: a file of another person in a person's folder",
         lambda study: [p.rename(p.with_name(p.name.replace("sub-01", "sub-02")))
                        for p in list(_bold(study).parent.iterdir())],
         "lies in the folder of sub-01, and its name says otherwise"),
    _fine("labels: a space in the name of a folder", _rename("sub-01", "sub-0 1"),
          "sub-0 1", spoilt="sub-01"),
    _fine("labels: letters with accents in the name of a folder", _rename("sub-01", "sub-é1"),
          "sub-é1", spoilt="sub-01"),
    _refused("labels: a space in --participant-label", _nothing, 64,
             "letters and digits only, got '0 1'", options=("--participant-label", "0 1")),
    _refused("labels: a path in --participant-label", _nothing, 64,
             r"letters and digits only, got '\.\./\.\./etc'",
             options=("--participant-label", "../../etc")),
    _refused("labels: a path in --session-label", _nothing, 64, "letters and digits only",
             options=("--session-label", "post/../..")),
    _fine("labels: the same participant asked for twice", _nothing,
          options=("--participant-label", "01", "02", "sub-01")),
    _refused("labels: a participant who is not there", _nothing, 18,
             "No participant 99 .* Participants there: 01, 02",
             options=("--participant-label", "01", "99")),
    _refused("labels: a session that is not there", _nothing, 18,
             "No session after .* Sessions there: post, pre",
             options=("--session-label", "after")),
    _refused("labels: a task that is not there", _nothing, 18, "No task nback",
             options=("--task-id", "nback")),
    # the dataset
    _refused("dataset: not there", _other(bids=lambda s: s.root.parent / "stduy"), 66,
             "There is no folder /stduy"),
    _refused("dataset: a file", _other(bids=lambda s: s.root / "participants.tsv"), 66,
             "There is no folder .*participants.tsv"),
    _refused("dataset: no dataset_description.json",
             _study_file("dataset_description.json", None), 16, "is not a BIDS dataset"),
    _refused("dataset: dataset_description.json is not JSON",
             _study_file("dataset_description.json", "{"), 65, "is not a JSON file"),
    _fine("derivative: no dataset_description.json",
          _study_file("derivatives/fmriprep/dataset_description.json", None)),
    _refused("derivative: two versions of fMRIPrep side by side", _second_fmriprep, 64,
             "has several fMRIPrep outputs: .*fmriprep-21"),
    _refused("derivative: no image in a standard space", _native_only, 65,
             "in a space of each person only .T1w"),
    _refused("derivative: --derivatives names a folder that is not there", _nothing, 66,
             "There is no folder /nowhere", options=("--derivatives", "fmriprep=/nowhere")),
    Case(name="derivative: a folder that may not be read",
         spoil=_closed(lambda s: _bold(s).parent),
         code=1, says="ses-post/func was left out: it cannot be read", spoilt="sub-01",
         other_user=True),
    Case(name="mrs.tsv: a participant that is a path",
         spoil=_study_file("phenotype/mrs.tsv", "participant_id\tsession_id\tvoi\tmetabolite\t"
                           "value\tunits\n../../evil\tpre\tACC\tGABA\t1\tmM\n"),
         code=1, says="No metabolite value is used: mrs.tsv has '../../evil'"),
    Case(name="sessions.tsv: a pipe",
         spoil=_pipe(lambda s: s.root / "sub-01" / "sub-01_sessions.tsv"),
         code=1, says="sub-01_sessions.tsv is a pipe"),
    # the output
    _refused("output: inside the input", _other(out=lambda s: s.root / "out"), 73,
             "OUTPUT_DIR .* lies inside the dataset"),
    _refused("output: inside the fMRIPrep output", _other(out=lambda s: s.fmriprep / "out"), 73,
             "lies inside the dataset"),
    _refused("output: not writable", _read_only_output, 73, "cannot be (created|written to)",
             other_user=True),
    _refused("output: cannot be created", _other(out=lambda s: s.root.parent / "new" / "out"), 73,
             "cannot be created: Permission denied", other_user=True),
    _refused("output: a file", _file_as_output, 73, "cannot be created"),
    _refused("output: another dataset", _not_ours, 73, "is another dataset, 'Precious'"),
    _refused("output: --work-dir cannot be made", _nothing, 73,
             "work folder .* cannot be made: .*--work-dir",
             options=("--work-dir", "/dev/null/work")),
    # atlases and recipes
    _refused("atlas: a label without a row in the table", _atlas_table(lambda t: t.iloc[:-1]), 65,
             "label"),
    _refused("atlas: a row without a label in the image",
             _atlas_table(lambda t: pd.concat([t, t.tail(1).assign(index=99, name="X_1")])), 65,
             "label"),
    _refused("atlas: in another space", _atlas_json(images={"MNI152NLin6Asym": "tiny.nii.gz"}),
             65, "has no image in the space MNI152NLin2009cAsym"),
    _refused("atlas: labels that are not whole numbers",
             _atlas_image((labels() * 1.1).astype(np.float32)), 65, "not whole numbers"),
    _fine("atlas: whole numbers stored as floating point",
          _atlas_image(labels().astype(np.float64))),
    _refused("atlas: a 4-D image of probabilities",
             _atlas_image(np.zeros((8, 9, 10, 3), np.float32)), 65, "needs one 3-D image"),
    _refused("atlas: image missing", lambda s: s.atlas.with_name("tiny.nii.gz").unlink(), 66,
             "No label image at"),
    _refused("atlas: image outside the folder of its JSON",
             _atlas_json(images={"MNI152NLin2009cAsym": "../study/participants.tsv"}), 65,
             "cannot be read as NIfTI|outside"),
    _refused("atlas: no place in space (both codes 0)",
             _nowhere(lambda s: s.atlas.with_name("tiny.nii.gz")), 65,
             "does not say where its voxels lie"),
    _refused("atlas: JSON of 100,000 lists in each other",
             lambda s: s.atlas.write_text("[" * 100_000), 65, "is not valid JSON"),
    _refused("atlas: JSON is a pipe", _pipe(lambda s: s.atlas), 66, "No atlas definition"),
    _refused("atlas: an index of 5,000 digits",
             lambda s: s.atlas.with_name("tiny.tsv").write_text(
                 "index\tname\n" + "4" * 5000 + "\ta\n"), 65, "whole number from 1"),
    _refused("atlas: not JSON", lambda s: s.atlas.write_text("{"), 65, "is not valid JSON"),
    _refused("atlas: a name with a path in it", _atlas_json(name="../../Tiny"), 65,
             "name"),
    _refused("atlas: the same region name twice",
             _atlas_table(lambda t: t.assign(name="Vis_1")), 65, "Vis_1"),
    _refused("atlas: no column index", _atlas_table(lambda t: t.rename(columns={"index": "id"})),
             65, "index"),
    _refused("atlas: a name that does not exist", _nothing, 64, "There is no atlas 'Shaefer100'",
             options=("--atlas", "Shaefer100")),
    _refused("recipe: a name that does not exist", _nothing, 64, "There is no recipe '37P'|'37P'",
             options=("--denoise", "37P")),
    _refused("recipe: unknown keys",
             _write("mine.json", '{"name": "Mine", "kolumns": ["csf"]}',
                    options=["--denoise", Path]), 64, "a recipe has no key 'kolumns'"),
    # settings
    _refused("settings file: unknown keys",
             _write("run.toml", "fd-treshold = 0.3\n", options=["--config-file", Path]), 64,
             "has unknown keys: fd-treshold"),
    _refused("settings file: a value of the wrong kind",
             _write("run.toml", 'fd-threshold = "low"\n', options=["--config-file", Path]), 64,
             "--fd-threshold takes a number, got 'low'"),
    _refused("settings file: not TOML",
             _write("run.toml", "fd_threshold: 0.3\n", options=["--config-file", Path]), 64,
             "is not TOML"),
    _refused("settings file: not there", _nothing, 66, "There is no settings file",
             options=("--config-file", "/nowhere.toml")),
    _refused("settings file: a folder", _write("a.toml/x", "", options=["--config-file", "{}/.."]),
             64, "settings file .* cannot be read"),
    _refused("command line: a misspelt option", _nothing, 64, "unrecognized arguments: --atlass",
             options=("--atlass", "X")),
    _refused("command line: a number that is none", _nothing, 64, "--fd-threshold.*invalid float",
             options=("--fd-threshold", "0,5")),
    _refused("plugin file: YAML that would run code",
             _write("p.yml", "plugin: !!python/object/apply:os.system ['touch /pwned']\n",
                    options=["--use-plugin", Path]), 64, "is not YAML"),
    _refused("plugin file: a plugin that does not exist",
             _write("p.yml", "plugin: SLRUM\n", options=["--use-plugin", Path]), 64,
             "names the plugin 'SLRUM'; gradshift can use nipype's .*SLURM"),
    _refused("filter file: not JSON",
             _write("f.json", "[", options=["--bids-filter-file", Path]), 65,
             "is not a JSON file"),
    _refused("list of runs to leave out: not there", _nothing, 66, "There is no file /nowhere",
             options=("--exclude", "/nowhere")),
    # group level
    _group("participants.tsv: missing", _study_file("participants.tsv", None),
           "2 of 2 participants are compared"),
    _group("participants.tsv: byte order mark",
           _study_file("participants.tsv", "\ufeff" + PEOPLE), "2 of 2 participants are compared"),
    _group("participants.tsv: Windows line ends",
           _study_file("participants.tsv", PEOPLE.replace("\n", "\r\n")),
           "2 of 2 participants are compared"),
    _group("participants.tsv: a participant twice",
           _study_file("participants.tsv", PEOPLE + "sub-01\n"), "has sub-01 more than once", 65),
    _group("participants.tsv: people without data",
           _study_file("participants.tsv", PEOPLE + "sub-03\n"), r"Left out: sub-03 \(",
           spoilt="group"),
    _group("participants.tsv: people with data absent",
           _study_file("participants.tsv", "participant_id\nsub-02\n"),
           "2 of 2 participants are compared"),
    _group("participants.tsv: no column participant_id",
           _study_file("participants.tsv", PEOPLE.replace("_id", "")),
           "has no column participant_id", 65),
    _group("participants.tsv: commas instead of tabs",
           _study_file("participants.tsv", "participant_id,age\nsub-01,30\nsub-02,31\n"),
           "has no column participant_id", 65),
    _group("participants.tsv: saved in Latin-1",
           _study_file("participants.tsv", (PEOPLE + "sub-03\tM\xfcller\n").encode("latin-1")),
           "is not text in UTF-8", 65),
    _group("participants.tsv: empty", _study_file("participants.tsv", ""),
           "participants.tsv is empty", 65),
    _group("sessions.tsv: dates that cannot be read",
           _sessions(lambda t: t.assign(acq_time="last Tuesday")),
           "acq_time of ses-pre in .* is 'last Tuesday'", 65),
    _group("sessions.tsv: missing", _sessions(lambda t: None),
           "not clear which sessions to compare", 64),
    _group("sessions.tsv: both on the same day",
           _sessions(lambda t: t.assign(acq_time="2024-05-01T10:00:00")),
           "does not tell which comes first", 64),
    _group("sessions.tsv: two people the other way round",
           _sessions(lambda t: t.assign(acq_time=t["acq_time"][::-1].to_list()), "02"),
           "does not tell which comes first", 64),
    _group("sessions.tsv: a session twice", _sessions(lambda t: pd.concat([t, t.tail(1)])),
           "has ses-post more than once", 65),
    _group("group: a session that is not there", _nothing,
           "There is no session --followup ses-3. Sessions there: post, pre", 64,
           options=("--baseline", "pre", "--followup", "3")),
    _group("group: before the participant level", _no_results,
           "run the participant level first", 66),
    _group("group: other settings than the participant level", _nothing,
           "ran with --fd-threshold not given, not 0.2", 64, options=("--fd-threshold", "0.2")),
    _group("group: a matrix taken away", _result("*_relmat.tsv", lambda b: None),
           "relmat.tsv", 66),
    _group("group: a matrix cut off", _result("*_relmat.tsv", lambda b: b[: len(b) // 2]),
           "relmat.tsv", 65),
    _group("group: a table of measures cut off",
           _result("*_measures.tsv", lambda b: b[: len(b) // 2]), "measures.tsv", 65),
    _group("group: a table of measures saved with other columns",
           _result("*_measures.tsv", lambda b: b.replace(b"\t", b";")),
           "does not have the columns", 65),
    _group("group: a sidecar that is not JSON",
           _result("*_measures.json", lambda b: b"{"), "is not a JSON file", 65),
    _group("group: a model file that is not JSON",
           _write("m.json", "{", options=["--model", Path]), "m.json", 65),
    _group("group: a file of families with other keys",
           _write("f.json", '{"mine": "all"}', options=["--families", Path]),
           "a family is a list of", 64),
]  # fmt: skip
