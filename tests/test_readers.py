"""Files of any content are read, or refused with an error that gradshift explains.

Hypothesis changes good files: bits turned, pieces cut out, doubled, put in, numbers and words
replaced by odd ones. ``GRADSHIFT_FUZZ`` is the number of cases for each reader.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradshift.atlases.catalogue import load_atlas
from gradshift.atlases.labeltable import read_table
from gradshift.bids import collect, kinpar, mrs, petdata, sessiontable, tables
from gradshift.bids.confoundheader import check_header
from gradshift.bids.confounds import read_confounds
from gradshift.bids.dataset import describe, made_by, read_json
from gradshift.bids.regressors import select
from gradshift.errors import GradshiftError
from gradshift.images.header import read_header
from gradshift.images.labels import read_labels
from gradshift.images.volumes import read_mask, stream
from gradshift.output import record
from gradshift.recipes.catalogue import load_recipe
from gradshift.running.execute import _read_plugin
from gradshift.settings import make, read_file
from gradshift.study.designs import kinds
from gradshift.study.model import read_families, read_model

CASES = int(os.environ.get("GRADSHIFT_FUZZ", "100"))
SHAPE = (3, 4, 5)

ODD = [
    b"", b"\0", b"n/a", b"nan", b"inf", b"-inf", b"1e999", b"-1", b"0", b"99999999999999999999",
    b"0x10", b"1_000", "\N{ARABIC-INDIC DIGIT TWO}".encode(), "\N{SUPERSCRIPT TWO}".encode(),
    b"true", b"null", b"[]", b"{}", b"[[[[", b'"', b"\t", b"\n", b"\r", b",", b";", b"\xff",
    b"\xef\xbb\xbf", b"../../etc", b"sub-", b"<script>", b"!!python/object:os.system", b"'" * 3,
    "\u2028".encode(), b"1979-05-27", b"00", b"1.", b".",
]  # fmt: skip


class Reader(NamedTuple):
    """A reader, a good file for it, and its name."""

    name: str
    good: bytes
    read: Callable[[Path], Any]


def image(dtype: str, *shape: int) -> bytes:
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    return nibabel.Nifti1Image(values, np.eye(4)).to_bytes()


def read_series(path: Path) -> None:
    header = read_header(path)
    for _ in stream(header):
        pass


def read_atlas(path: Path) -> None:
    """Read a definition whose image and table lie beside it."""
    load_atlas(str(path))


def read_regressors(path: Path) -> None:
    recipe = load_recipe("24P")
    check_header(path, recipe)
    select(read_confounds(path), recipe)


def read_people(path: Path) -> None:
    tables.people_table(path.parent)
    tables.read_participants(path.parent)


def read_dates(path: Path) -> None:
    list(sessiontable.read_sessions(path.parents[1], ["sub-01"]))
    sessiontable.sessions_table(path.parents[1], ["sub-01"])
    mrs.find_values(make(path.parents[1], path.parent / "out", "participant", {}))


def read_metabolites(path: Path) -> None:
    mrs.find_values(make(path.parent, path.parent / "out", "group", {"mrs_table": str(path)}))


def read_options(path: Path) -> None:
    make(path.parent, path.parent / "out", "participant", read_file(path))


def read_record(path: Path) -> None:
    record.participant_level(path.parents[1], {})


MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
COLUMNS = [f"{m}{s}" for m in MOTION for s in ("", "_derivative1", "_power2",
           "_derivative1_power2")] + ["framewise_displacement"]  # fmt: skip
CONFOUNDS = "\n".join(
    ["\t".join(COLUMNS)]
    + ["\t".join(f"{0.1 * i + k / 7:.4f}" for k in range(25)) for i in range(6)]
)

READERS = [
    Reader("series.nii", image("int16", *SHAPE, 6), read_series),
    Reader("series.nii.gz", gzip.compress(image("float32", *SHAPE, 6), mtime=0), read_series),
    Reader("mask.nii", image("uint8", *SHAPE), lambda p: read_mask(p, SHAPE, np.eye(4))),
    Reader("labels.nii.gz", gzip.compress(image("int32", *SHAPE), mtime=0), read_labels),
    Reader("atlas.json", b'{"name": "A", "images": {"MNI": "a.nii.gz"}, "labels": "a.tsv"}',
           read_atlas),
    Reader("labels.tsv", b"index\tname\tnetwork\themisphere\tx\ty\tz\n1\tA\tVis\tL\t1\t2\t3\n2\tB"
           b"\tDefault\tR\t-4\t5\t6.5\n", read_table),
    Reader("confounds.tsv", CONFOUNDS.encode(), read_regressors),
    Reader("dataset_description.json", b'{"Name": "x", "BIDSVersion": "1.8.0", "GeneratedBy": '
           b'[{"Name": "fMRIPrep", "Version": "24.1.1"}]}',
           lambda p: made_by(describe(p.parent))),
    Reader("bold.json", b'{"RepetitionTime": 2.0, "SliceTiming": [0, 0.5, 1]}', read_json),
    Reader("participants.tsv", b"participant_id\tage\tgroup\nsub-01\t31\tdrug\nsub-02\tn/a\tx\n",
           read_people),
    Reader("sub-01/sub-01_sessions.tsv", b"session_id\tacq_time\tmrs_ACC_glutamate\nses-pre\t"
           b"2024-05-01T10:30:00\tn/a\nses-post\t2024-05-02T10:30:00\tn/a\n", read_dates),
    Reader("sub-01/ses-pre/sub-01_ses-pre_scans.tsv", b"filename\tacq_time\n"
           b"func/sub-01_ses-pre_task-rest_bold.nii.gz\t2024-05-01T10:30:00\n",
           lambda p: sessiontable.sessions_table(p.parents[2], ["sub-01"])),
    Reader("mrs.tsv", b"participant_id\tsession_id\tvoi\tmetabolite\tvalue\tunits\treference\t"
           b"crlb\tsnr\tfwhm\nsub-01\tses-pre\tACC\tGlu\t8.1\tmM\twater\t5\t30\t0.05\nsub-01\t"
           b"ses-post\tACC\tGlu\t7.9\tmM\twater\t6\t28\t0.06\n", read_metabolites),
    Reader("tacs.tsv", b"frame_start\tframe_end\tA\tB\n0\t60\t0.1\t0.2\n60\t120\t5\t6\n120\t300\t"
           b"7\t8\n", lambda p: petdata.read_curves(p, {})),
    Reader("kinpar.tsv", b"name\tVT\tBPnd\nA\t10.1\t1\nB\t20\tn/a\n",
           lambda p: kinpar.read_finished(p, {"region": "name", "vtlogan": "VT"},
                                           {"vtlogan": "vtlogan", "bpnd": "bpsrtm"})),
    Reader("recipe.json", b'{"name": "M", "columns": ["csf", "rot_?"], "acompcor": {"CSF": 5}, '
           b'"scrub": {"fd_threshold": 0.3}, "filter": true}', lambda p: load_recipe(str(p))),
    Reader("options.toml", b'fd-threshold = 0.3\nband = [0.01, 0.1]\natlas = ["TianS2"]\nnprocs = '
           b'2\nvoxelwise = false\nrandom-seed = 3\n', read_options),
    Reader("logs/settings.toml", b'[participant]\nfd-threshold = 0.3\nband = [0.01, 0.1]\n',
           read_record),
    Reader("plugin.yml", b"plugin: SLURM\nplugin_args:\n  sbatch_args: --mem=4G\n", _read_plugin),
    Reader("model.json", b'{"Name": "k", "BIDSModelVersion": "1.0.0", "Design": "paired", '
           b'"Baseline": "pre", "Followup": "post", "Covariates": ["deltafd"]}',
           lambda path: read_model(path, tuple(kinds()))),
    Reader("families.json", b'{"c": [["withinfc", "network", "Default"]], "d": [["x", "*", "*"]]}',
           read_families),
    Reader("relmat.tsv", b"Node\tA\tB\nA\t1\t0.5\nB\t0.5\t1\n", collect.read_matrix),
    Reader("timeseries.tsv", b"A\tB\n1\t0.5\nn/a\t1\n", collect.read_array),
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Return a good file with some damage."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        # Most of what can go wrong in an image is in its header.
        size = len(content) if draw(st.booleans()) else min(len(content), 352)
        at = draw(st.integers(0, size))
        end = draw(st.integers(at, min(len(content), at + 12)))
        kind = draw(st.sampled_from(("bit", "cut", "put", "put", "double", "end", "any")))
        if kind == "bit" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[at:end]
        elif kind == "put":
            content[at:end] = draw(st.sampled_from(ODD))
        elif kind == "double":
            content[at:at] = content[at:end] * draw(st.integers(1, 3))
        elif kind == "end":
            del content[at:]
        else:
            content[at:end] = draw(st.binary(max_size=12))
    return bytes(content)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_any_content_is_read_or_explained(reader, tmp_path):
    path = tmp_path / reader.name
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(image("int16", *SHAPE), mtime=0))
    rows = "\n".join(f"{i}\tR{i}" for i in range(1, 60))
    (tmp_path / "a.tsv").write_text(f"index\tname\n{rows}\n")
    path.with_suffix(".json").write_text('{"mrs_ACC_glutamate": {"Units": "mM"}}')
    path.write_bytes(reader.good)
    reader.read(path)

    @settings(
        max_examples=CASES, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(damaged(reader.good))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        told = ""
        try:
            reader.read(path)
        except GradshiftError as error:
            told = str(error)
        assert "\n" not in told

    check()


def test_curves_without_frames_are_refused(tmp_path):
    path = tmp_path / "tacs.tsv"
    path.write_text("frame_start\tframe_end\tA\n")
    with pytest.raises(GradshiftError, match="no frames"):
        petdata.read_curves(path, {})


def test_numbers_that_do_not_fit_their_header_are_refused(tmp_path):
    path = tmp_path / "timeseries.tsv"
    path.write_text("A\tB\tC\n1\t2\n3\t4\n5\t6\n")
    with pytest.raises(GradshiftError, match="damaged"):
        collect.read_array(path)
