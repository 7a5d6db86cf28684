"""The COBIDAS table: what a paper must report of the data, the analysis and the inference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradshift import __version__
from gradshift.bids.collect import SessionResult
from gradshift.bids.dataset import read_json
from gradshift.bids.outputs import Sidecar
from gradshift.bids.rows import column
from gradshift.report.methods import Used, recipe_sentences
from gradshift.report.sample import spread

GUIDELINE = (
    "Nichols et al. (2017). Best practices in data analysis and sharing in neuroimaging using "
    "MRI. Nature Neuroscience, 20, 299-303. https://doi.org/10.1038/nn.4500"
)
"""What the table follows."""

UNKNOWN = "not known to gradshift: to be filled in"


@dataclass(frozen=True, kw_only=True)
class Item:
    """A row of ``logs/cobidas.tsv``."""

    section: str = column("Section of the COBIDAS report")
    item: str = column("What is to be reported")
    answer: str = column("What was done, or that only the authors know")
    source: str = column("Where the answer is from")


def items(used: Used, results: Sequence[SessionResult], folder: Path) -> list[Item]:
    """Fill in what an output tells.

    Parameters
    ----------
    used : Used
    results : sequence of SessionResult
    folder : Path
        Of the group level, whether it was run or not.
    """
    sidecar = folder / "contrasts.json"
    described = read_json(sidecar) if sidecar.exists() else {}
    bold = [one for one in results if one.modality == "func"]
    parts = {
        "Participants": _participants(used, results),
        "Acquisition": _acquisition(bold),
        "Preprocessing": _preprocessing(used, bold),
        "Statistical modelling and inference": _inference(used, described),
        "Reproducibility": _software(results),
    }
    return [
        Item(section=section, item=item, answer=answer, source=source)
        for section, rows in parts.items()
        for item, answer, source in rows
    ]


Row = tuple[str, str, str]


def _participants(used: Used, results: Sequence[SessionResult]) -> Iterator[Row]:
    people = {result.participant for result in results}
    yield "number of participants with results", str(len(people)), "sub-*"
    compared = " ".join(used.sample.participants)
    yield "participants compared, and exclusions", compared or UNKNOWN, "group/participants.tsv"
    yield "population, recruitment, ethics, consent", UNKNOWN, "the study"


def _acquisition(bold: Sequence[SessionResult]) -> Iterator[Row]:
    kept = [one for one in bold if not one.excluded]
    tasks = dict.fromkeys(one.task for one in bold)
    yield "task", ", ".join(tasks) or "n/a", "file names"
    if times := [one.tr for one in kept if one.tr is not None]:
        yield "repetition time (s)", spread(times, ".3g"), "*_measures.json"
    volumes = [one.about.get("NumberOfVolumes") for one in kept]
    if counted := [float(n) for n in volumes if n is not None]:
        yield "volumes acquired per session", spread(counted, ".0f"), "*_measures.json"
    yield "scanner, field strength, sequence, echo time, voxel size", UNKNOWN, "the study"


def _preprocessing(used: Used, bold: Sequence[SessionResult]) -> Iterator[Row]:
    made = {
        f"{maker.get('Name')} {maker.get('Version', '')}".strip()
        for one in bold
        for source in one.about.get("SourceDerivatives") or ()
        for maker in source.get("GeneratedBy") or ()
    }
    yield "preprocessing software", ", ".join(sorted(made)) or "n/a", "SourceDerivatives"
    spaces = ", ".join(dict.fromkeys(one.space for one in bold))
    yield "standard space", spaces or "n/a", "*_measures.json"
    for recipe in used.recipes:
        text = " ".join(sentence for sentence, _ in recipe_sentences(recipe))
        yield f"denoising, recipe {recipe['name']}", text, "*_measures.json"
    yield "data retained and motion", " ".join(used.sample.data) or "n/a", "*_measures.json"
    yield "spatial smoothing", "none before the means of regions", "*_measures.json"
    regions = " ".join(sentence for atlas in used.atlases for sentence in atlas.sentences)
    yield "regions of interest", regions or "n/a", "atlases/"


def _inference(used: Used, described: Sidecar) -> Iterator[Row]:
    if used.estimator:
        yield "connectivity", f"{used.estimator} correlation", "*_relmat.json"
    if not described:
        yield "group model", "n/a", "the group level was not run"
        return
    source = "group/contrasts.json"
    yield "design", used.design, source
    yield "covariates of the main model", ", ".join(described["Covariates"]) or "none", source
    yield "significance level", f"{described['Alpha']:g}", source
    yield "families, smallest effect, registration", " ".join(used.sample.inference), source
    yield "statistics", ", ".join(used.statistics), "group/*.tsv"
    yield "seed of random numbers", str(described["RandomSeed"]), source
    yield "all tests reported", "every test, corrected or not, is in the table", "contrasts.tsv"


def _software(results: Sequence[SessionResult]) -> Iterator[Row]:
    yield "analysis software", f"gradshift {__version__}", "logs/CITATION.md"
    yield "settings", "logs/settings.toml and logs/*.toml", "logs/"
    datasets = {
        str(source.get("Name"))
        for one in results
        if isinstance(source := one.about.get("SourceDataset"), dict)
    }
    yield "dataset", ", ".join(sorted(datasets)) or "n/a", "SourceDataset"
    yield "where data and code are shared", UNKNOWN, "the study"
