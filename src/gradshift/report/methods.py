"""The methods text: from what was run to sentences with their references."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import NamedTuple

from gradshift import __version__
from gradshift.bids.outputs import Sidecar
from gradshift.core.kinetics import models
from gradshift.core.measures import measures
from gradshift.core.statistics import statistics
from gradshift.report.bibliography import in_text, known

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
    """What was run.

    Parameters
    ----------
    atlases : sequence of Described
    recipes : sequence of mapping
        As the sidecars keep them.
    tracers : sequence of Described
    measures : sequence of str
        Names; those that no module defines any more are passed over.
    statistics : sequence of str
        Names of those that the group level used, in the order of the text.
    design : str
        The comparison in a sentence; empty without one.
    estimator : {'pearson', 'partial', ''}
        Empty where there is no connectivity.
    """

    atlases: Sequence[Described] = ()
    recipes: Sequence[Sidecar] = ()
    tracers: Sequence[Described] = ()
    measures: Sequence[str] = ()
    statistics: Sequence[str] = ()
    design: str = ""
    estimator: str = "pearson"


@dataclass(frozen=True)
class Paragraph:
    """A title, and sentences with the keys of their references."""

    title: str
    sentences: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The sentences, with references named in brackets."""
        return " ".join(
            _cited(sentence, in_text(cite, sentence)) for sentence, cite in self.sentences
        )


def _cited(sentence: str, where: str) -> str:
    return f"{sentence.rstrip('.')} {where}." if where else sentence


def paragraphs(used: Used) -> list[Paragraph]:
    """Write the methods text.

    Parameters
    ----------
    used : Used

    Returns
    -------
    list of Paragraph
        Those that have something to say.
    """
    everything = [
        Paragraph("Regions", [*_described(used.atlases)]),
        Paragraph("Denoising", [s for recipe in used.recipes for s in recipe_sentences(recipe)]),
        Paragraph("Connectivity", [(_estimator(used.estimator), ())] if used.estimator else []),
        Paragraph("Tracers", [*_described(used.tracers)]),
        Paragraph("Measures", _of_measures(used.measures)),
        Paragraph("Statistics", _of_statistics(used)),
        Paragraph("Software", _software()),
    ]
    return [paragraph for paragraph in everything if paragraph.sentences]


def citations(text: Iterable[Paragraph]) -> list[str]:
    """Return the keys of all references, each once."""
    return list(dict.fromkeys(key for p in text for _, cite in p.sentences for key in cite))


def _described(parts: Iterable[Described]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in parts:
        for i, sentence in enumerate(part.sentences):
            yield sentence, part.cite if i == len(part.sentences) - 1 else ()


def recipe_sentences(recipe: Sidecar) -> Iterator[tuple[str, tuple[str, ...]]]:
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


def _estimator(name: str) -> str:
    if name == "partial":
        return (
            "Connectivity was the partial correlation of the denoised series, from a covariance "
            "shrunk by the Ledoit-Wolf rule."
        )
    return "Connectivity was the Pearson correlation of the denoised series, Fisher-transformed."


def _of_measures(names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Take the sentences of measures; one that several share is said once."""
    earlier: set[str] = set()
    described: list[Described] = []
    for name in dict.fromkeys(names):
        measure = measures().get(name) or models().get(name)
        if measure is not None:
            new = [s for s in sentences(measure.methods) if s not in earlier]
            earlier.update(new)
            described.append(Described(tuple(new), measure.cite))
    return [*_described(described)]


def sentences(text: str) -> list[str]:
    """Split a text where a full stop is followed by a capital letter."""
    return [part for part in re.split(r"(?<=[.!?]) (?=[A-Z])", text.strip()) if part]


def _of_statistics(used: Used) -> list[tuple[str, tuple[str, ...]]]:
    if not used.statistics:
        return []
    known = statistics()
    return [
        *([(used.design, ())] if used.design else []),
        (
            "Means over the regions of a network or set were over those with a value in every "
            "session of the person.",
            (),
        ),
        *((known[name].methods, known[name].cite) for name in used.statistics if name in known),
    ]


def _software() -> list[tuple[str, tuple[str, ...]]]:
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES if _version(name))
    cite = tuple(key for keys in PACKAGES.values() for key in keys)
    return [
        (f"Computed with gradshift {__version__}, a BIDS App.", ("Gorgolewski2017",)),
        ("It works on the output of fMRIPrep.", ("Esteban2019",)),
        (f"It rests on {packages}, with Python {python_version()}.", cite),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def as_markdown(text: Sequence[Paragraph]) -> str:
    """Return the text with its list of references, in Markdown."""
    parts = ["# Methods", *(f"## {p.title}\n\n{_markdown(p.text)}" for p in text)]
    listed = [
        f"- {_markdown(reference.listed)} {reference.link}".rstrip()
        for reference in known(citations(text))
    ]
    return "\n\n".join([*parts, "## References", "\n".join(listed)]) + "\n"


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def as_bibtex(text: Sequence[Paragraph]) -> str:
    """Return the entries of the references."""
    return "\n\n".join(reference.source for reference in known(citations(text))) + "\n"


def as_latex(text: Sequence[Paragraph]) -> str:
    """Return the text as a LaTeX section that cites by key."""
    listed = {reference.key for reference in known(citations(text))}
    lines = [r"\section*{Methods}"]
    for paragraph in text:
        cited = []
        for sentence, cite in paragraph.sentences:
            keys = ",".join(key for key in dict.fromkeys(cite) if key in listed)
            plain = _latex(sentence)
            cited.append(rf"{plain.rstrip('.')}~\cite{{{keys}}}." if keys else plain)
        lines += ["", rf"\paragraph{{{_latex(paragraph.title)}}}", " ".join(cited)]
    return "\n".join([*lines, "", r"\bibliographystyle{apalike}", r"\bibliography{CITATION}", ""])


LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "²": r"\textsuperscript{2}",
}  # fmt: skip


def _latex(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)
