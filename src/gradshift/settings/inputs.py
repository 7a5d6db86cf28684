"""Options: which data to use."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which data to use."""

    derivatives: tuple[str, ...] = option(
        (),
        "where data lie: fmriprep=PATH, petprep=PATH, finished models of PET kinetics=PATH; in "
        "place of fMRIPrep's, series of regions or matrices xcp_d=PATH or series=PATH, denoised "
        "images denoised=PATH; and NAME=PATH of any dataset that a recipe takes columns from",
        nargs="+",
        metavar="NAME=PATH",
        local=True,
    )
    participant_label: tuple[str, ...] = option(
        (),
        "participants to work on, with or without sub-",
        nargs="+",
        metavar="LABEL",
        check=checks.labels,
    )
    session_label: tuple[str, ...] = option(
        (),
        "sessions to work on, with or without ses-",
        nargs="+",
        metavar="LABEL",
        numbers="participant",
        aliases=("--session-id",),
        check=checks.labels,
    )
    task_id: tuple[str, ...] = option(
        (),
        "tasks to work on, with or without task-",
        nargs="+",
        metavar="LABEL",
        aliases=("-t",),
        check=checks.labels,
    )
    space: str | None = option(
        None,
        "standard space of the BOLD files to use, or fsLR, fsaverage5 or fsaverage6 for those on "
        "the surface; the first of MNI152NLin2009cAsym, MNI152NLin6Asym that every atlas comes in "
        "if not given",
        metavar="NAME",
        numbers="participant",
    )
    mrs_table: str | None = option(
        None,
        "table of metabolite values; phenotype/mrs.tsv, or columns mrs_VOI_METABOLITE of "
        "sessions.tsv, if not given",
        metavar="FILE",
        local=True,
    )
    mrs_columns: tuple[str, ...] = option(
        (),
        "columns of that table with other names than voi, metabolite, value, ...: "
        "our name, an equals sign, the name there",
        nargs="+",
        metavar="NAME=COLUMN",
        numbers="participant",
        check=checks.pairs,
    )
    mrs_crlb: tuple[str, ...] = option(
        (),
        "largest Cramér-Rao lower bound in per cent, by metabolite, such as GSH=30; beyond, a "
        "value was not measured; 30 for gaba and gabaplus and 20 for every other if not given",
        nargs="+",
        metavar="NAME=PERCENT",
        numbers="participant",
    )
    pet_columns: tuple[str, ...] = option(
        (),
        "columns of finished PET tables, or model or measure in the names of finished maps, such "
        "as region=name vtlogan=VT",
        nargs="+",
        metavar="NAME=COLUMN",
        numbers="participant",
        check=checks.pairs,
    )
    exclude: str | None = option(
        None,
        "text file of runs to leave out: one file name or start of one per line",
        metavar="FILE",
        local=True,
    )
    bids_filter_file: str | None = option(
        None,
        "JSON of filters for BOLD (bold) and PET files (pet), as fMRIPrep takes it; at the group "
        "level it chooses one of several acquisitions of a session",
        metavar="FILE",
        local=True,
    )
    bids_database_dir: str | None = option(
        None, "folder that keeps the lists of files for the next run", metavar="DIR", local=True
    )
    skip_bids_validation: bool = option(
        False, "do not insist on a dataset_description.json", kind=bool
    )
