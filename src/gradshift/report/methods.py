"""The methods text: from what was run to sentences with their references."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import NamedTuple

from gradshift import __version__
from gradshift.bids.outputs import Sidecar
from gradshift.core.cortex.measure import TOPICS
from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.kinetics import models
from gradshift.core.measures import left_out, measures
from gradshift.core.statistics import statistics
from gradshift.recipes.motionfilter import MotionFilter
from gradshift.report.bibliography import in_text
from gradshift.report.sample import Sample

PACKAGES = {
    "nipype": ("Gorgolewski2011",),
    "pybids": ("Yarkoni2019",),
    "nilearn": (),
    "nibabel": (),
    "numpy": ("Harris2020",),
    "scipy": ("Virtanen2020",),
    "pandas": (),
    "matplotlib": (),
}
"""What the computing rests on, and what to cite for it."""


class Described(NamedTuple):
    """Sentences and the keys of their references."""

    sentences: tuple[str, ...]
    cite: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Used:
    """What was run; the primary atlas and recipe come first.

    Parameters
    ----------
    atlases : sequence of Described
    recipes : sequence of mapping
        As the sidecars keep them.
    tracers : sequence of Described
    measures : sequence of str
        Names; those that no module defines any more are passed over.
    headline : collection of str
        Those of them that the declared families are made of.
    statistics : sequence of str
        Names of those that the group level used, in the order of the text.
    design : str
        The comparison in a sentence; empty without one.
    estimator : {'pearson', 'partial', ''}
        Empty where there is no connectivity.
    sample : Sample
        What the study fills in.
    surfaces : sequence of str
        Spaces of the runs that were read on the cortical surface.
    """

    atlases: Sequence[Described] = ()
    recipes: Sequence[Sidecar] = ()
    tracers: Sequence[Described] = ()
    measures: Sequence[str] = ()
    headline: Collection[str] = frozenset(measure for measure, _, _ in CONFIRMATORY)
    statistics: Sequence[str] = ()
    design: str = ""
    estimator: str = "pearson"
    sample: Sample = field(default_factory=Sample)
    surfaces: Sequence[str] = ()


SAME_REGIONS = (
    "Means over the regions of a network or set were over those with a value in every session "
    "of the person."
)

Sentence = tuple[str, tuple[str, ...]]
"""A sentence and the keys of its references."""


@dataclass(frozen=True)
class Paragraph:
    """A title, and sentences with the keys of their references.

    Parameters
    ----------
    title : str
    sentences : list of Sentence
    part : {'main', 'supplement'}
        Where it belongs in a paper.
    """

    title: str
    sentences: list[Sentence] = field(default_factory=list)
    part: str = "main"

    def cited(self) -> Iterator[Sentence]:
        """Yield the sentences; a reference is named where the paragraph first rests on it."""
        named: set[str] = set()
        for sentence, cite in self.sentences:
            new = tuple(key for key in dict.fromkeys(cite) if key not in named)
            named.update(new)
            yield sentence, new

    @property
    def text(self) -> str:
        """The sentences, with references named in brackets."""
        return " ".join(
            _with(sentence, in_text(cite, sentence)) for sentence, cite in self.cited()
        )


def _with(sentence: str, where: str) -> str:
    return f"{sentence.rstrip('.')} {where}." if where else sentence


TESTS = ("signflip", "groups", "crossover", "within")
"""Tests of the designs: the first that was used is the one of the declared results."""

SIZES = ("effects", "equivalence")
"""Further statistics that the sentences on the declared results rest on."""


def paragraphs(used: Used) -> list[Paragraph]:
    """Write the methods text: what the main results rest on, then a supplement.

    A sentence that several atlases, recipes or measures share is said once.

    Parameters
    ----------
    used : Used

    Returns
    -------
    list of Paragraph
        Those that have something to say.
    """
    once = _Once()
    main = [
        Paragraph("Participants and data", _plain(used.sample.participants, used.sample.data)),
        Paragraph("Regions", once(_described(used.atlases[:1])) + _surfaces(used.surfaces)),
        Paragraph("Denoising", once(s for r in used.recipes[:1] for s in recipe_sentences(r))),
        Paragraph("Connectivity", [(_estimator(used.estimator), ())] if used.estimator else []),
        Paragraph("Tracers", once(_described(used.tracers))),
        Paragraph("Measures", once(_of_measures(n for n in used.measures if n in used.headline))),
        Paragraph(
            "Statistics",
            _plain([used.design, SAME_REGIONS] if used.design else [])
            + once(_of_statistics(_main_statistics(used)))
            + _plain(used.sample.inference),
        ),
        Paragraph("Software", _software(used.recipes)),
    ]
    return [p for p in [*main, *_supplement(used, once)] if p.sentences]


def _supplement(used: Used, once: "_Once") -> Iterator[Paragraph]:
    """Write what is beside the main results."""
    yield Paragraph("Further atlases", once(_described(used.atlases[1:])), "supplement")
    further = [
        sentence
        for recipe in used.recipes[1:]
        for sentence in _further(recipe, used.recipes[0], once)
    ]
    yield Paragraph("Further denoising recipes", further, "supplement")
    for topic, title in TOPICS.items():
        of_topic = once(_of_measures(n for n in used.measures if _topic(n) == topic))
        yield Paragraph(f"Measures: {title[:1].lower()}{title[1:]}", of_topic, "supplement")
    yield Paragraph("Measures not computed", list(_not_computed(used)), "supplement")
    others = once(_of_measures(n for n in used.measures if _topic(n) is None))
    yield Paragraph("Measures: PET and spectroscopy", others, "supplement")
    yield Paragraph("Further statistics", once(_of_statistics(used.statistics)), "supplement")
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES if _version(name))
    cite = tuple(key for keys in PACKAGES.values() for key in keys)
    rests = f"The software rests on {packages}, with Python {python_version()}."
    yield Paragraph("Packages", [(rests, cite)], "supplement")


def _not_computed(used: Used) -> Iterator[Sentence]:
    """Name the opt-in measures that were not asked for, where there is connectivity."""
    absent = left_out(used.measures)
    if used.estimator and absent:
        names = [measures()[name].title for members in absent.values() for name in members]
        yield f"Not computed, and not searched for results: {'; '.join(names)}.", ()


def _main_statistics(used: Used) -> list[str]:
    tests = [name for name in used.statistics if name in TESTS]
    return [*tests[:1], *(name for name in used.statistics if name in SIZES)]


class _Once:
    """Passes on sentences that were not said before."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        new = []
        for sentence, cite in sentences:
            if sentence not in self._said:
                self._said.add(sentence)
                new.append((sentence, cite))
        return new


def _further(recipe: Sidecar, primary: Sidecar, once: _Once) -> Iterator[Sentence]:
    """Say what another recipe does otherwise than those before it."""
    every = list(recipe_sentences(recipe))
    new = once(every)
    yield from new
    if len(new) < len(every):
        yield f"All else of recipe {recipe['name']} was as with {primary['name']}.", ()


def _plain(*texts: Iterable[str]) -> list[Sentence]:
    return [(sentence, ()) for text in texts for sentence in text]


def _topic(name: str) -> str | None:
    measure = measures().get(name)
    return None if measure is None else measure.topic


def citations(text: Iterable[Paragraph]) -> list[str]:
    """Return the keys of all references, each once."""
    return list(dict.fromkeys(key for p in text for _, cite in p.sentences for key in cite))


def _described(parts: Iterable[Described]) -> Iterator[Sentence]:
    for part in parts:
        for i, sentence in enumerate(part.sentences):
            yield sentence, part.cite if i == len(part.sentences) - 1 else ()


def recipe_sentences(recipe: Sidecar) -> Iterator[Sentence]:
    """Say how a recipe cleaned the series.

    Parameters
    ----------
    recipe : mapping
        As a sidecar keeps it.
    """
    name, cite = recipe["name"], tuple(recipe.get("cite", ()))
    yield f"Recipe {name}: {recipe.get('description') or 'no description.'}", cite
    if recipe.get("filter") and recipe.get("band"):
        low, high = recipe["band"]
        yield (
            f"Series and regressors were filtered alike ({low:g}-{high:g} Hz, Butterworth of "
            "order 5, forwards and backwards) before the regression, so that it did not "
            "reintroduce filtered frequencies.",
            ("Lindquist2019",),
        )
    if dummies := recipe.get("dummy_scans"):
        yield f"The first {dummies} volumes of every run were left out as not yet steady.", ()
    if how := recipe.get("motion_filter"):
        yield from _motion_filtered(MotionFilter(**how))
    scrub = recipe.get("scrub")
    if scrub:
        limits = [
            f"{what} above {scrub[key]:g}{unit}"
            for key, what, unit in (
                ("fd_threshold", "framewise displacement", " mm"),
                ("dvars_threshold", "standardised DVARS", ""),
            )
            if scrub.get(key) is not None
        ]
        if limits:
            yield f"Volumes with {' or '.join(limits)} were left out.", ()
        yield (
            f"Sessions with less than {recipe['min_minutes']:g} minutes or "
            f"{recipe['min_share']:.0%} of their volumes retained, or with a mean framewise "
            f"displacement above {recipe['max_mean_fd']:g} mm, were left out.",
            (),
        )


def _motion_filtered(how: MotionFilter) -> Iterator[Sentence]:
    """Say how breathing was filtered out of the motion parameters."""
    butterworth = how.high is None
    yield (
        f"Before framewise displacement was computed, the six motion parameters went through a "
        f"{how.words}, forwards and backwards, against breathing; the parameters that were "
        "regressed out were not filtered.",
        ("Gratton2020" if butterworth else "Fair2020",),
    )


def _surfaces(spaces: Sequence[str]) -> list[Sentence]:
    """Say on which surfaces runs were read."""
    if not spaces:
        return []
    text = (
        f"Functional data were on the cortical surface ({', '.join(spaces)}): the series of a "
        "region was the mean over its vertices, below the cortex over its voxels. In maps, the "
        "neighbours of a vertex are those that it shares an edge of the mesh with."
    )
    return [(text, ())]


def _estimator(name: str) -> str:
    if name == "partial":
        return (
            "Connectivity was the partial correlation of the denoised series, from a covariance "
            "shrunk by the Ledoit-Wolf rule."
        )
    return "Connectivity was the Pearson correlation of the denoised series, Fisher-transformed."


def _of_measures(names: Iterable[str]) -> Iterator[Sentence]:
    """Take the sentences of measures and models."""
    for name in dict.fromkeys(names):
        measure = measures().get(name) or models().get(name)
        if measure is not None:
            yield from _described([Described(tuple(sentences(measure.methods)), measure.cite)])


def sentences(text: str) -> list[str]:
    """Split a text where a full stop is followed by a capital letter."""
    return [part for part in re.split(r"(?<=[.!?]) (?=[A-Z])", text.strip()) if part]


def _of_statistics(names: Iterable[str]) -> Iterator[Sentence]:
    known = statistics()
    yield from ((known[name].methods, known[name].cite) for name in names if name in known)


def _software(recipes: Sequence[Sidecar]) -> list[Sentence]:
    """Name the programs; of what another one denoised, that its own text belongs beside this."""
    ready_made = {recipe["name"] for recipe in recipes} == {"asis"}
    source: Sentence = ("It works on the output of fMRIPrep.", ("Esteban2019",))
    if ready_made:
        source = ("How the data were preprocessed says the text of the program that did it.", ())
    return [
        (f"Computed with gradshift {__version__}, a BIDS App.", ("Gorgolewski2017",)),
        source,
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
