"""The methods text as files: Markdown, LaTeX, BibTeX."""

import re
from collections.abc import Sequence

from gradshift.report.bibliography import known
from gradshift.report.methods import Paragraph, citations

PARTS = {"main": "Methods", "supplement": "Supplementary methods"}


def _by_part(text: Sequence[Paragraph]) -> dict[str, list[Paragraph]]:
    parts = {title: [p for p in text if p.part == part] for part, title in PARTS.items()}
    return {title: some for title, some in parts.items() if some}


def as_markdown(text: Sequence[Paragraph]) -> str:
    """Return the text with its list of references, in Markdown."""
    parts = []
    for title, some in _by_part(text).items():
        parts += [f"# {title}", *(f"## {p.title}\n\n{_markdown(p.text)}" for p in some)]
    listed = [
        f"- {_markdown(reference.listed)} {reference.link}".rstrip()
        for reference in known(citations(text))
    ]
    return "\n\n".join([*parts, "# References", "\n".join(listed)]) + "\n"


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]|])", r"\\\1", text)


def as_bibtex(text: Sequence[Paragraph]) -> str:
    """Return the entries of the references."""
    return "\n\n".join(reference.source for reference in known(citations(text))) + "\n"


def as_latex(text: Sequence[Paragraph]) -> str:
    """Return the text as LaTeX sections that cite by key."""
    listed = {reference.key for reference in known(citations(text))}
    lines = []
    for title, some in _by_part(text).items():
        lines += [rf"\section*{{{title}}}"]
        for paragraph in some:
            cited = []
            for sentence, cite in paragraph.cited():
                keys = ",".join(key for key in cite if key in listed)
                plain = _latex(sentence)
                cited.append(rf"{plain.rstrip('.')}~\cite{{{keys}}}." if keys else plain)
            lines += ["", rf"\paragraph{{{_latex(paragraph.title)}}}", " ".join(cited)]
        lines.append("")
    return "\n".join([*lines, r"\bibliographystyle{apalike}", r"\bibliography{CITATION}", ""])


LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "²": r"\textsuperscript{2}",
}  # fmt: skip


def _latex(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in text)
