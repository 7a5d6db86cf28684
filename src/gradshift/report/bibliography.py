"""The references: keys to entries, and how they are named in a text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of ``references.bib``.

    Parameters
    ----------
    key : str
    source : str
        The entry as it stands in the file.
    fields : dict of str to str
    """

    key: str
    source: str
    fields: dict[str, str]

    @property
    def families(self) -> list[str]:
        """Family names of the authors; the last is ``others`` where there are more."""
        authors = self.fields.get("author", self.key).split(" and ")
        return [author.split(",")[0].strip("{} ") for author in authors]

    @property
    def authors(self) -> list[str]:
        """Authors with initials, ``Rubinov M``; the last is ``others`` where there are more."""
        return [
            f"{family} {initials}".rstrip()
            for family, initials in zip(self.families, self._initials(), strict=True)
        ]

    def _initials(self) -> Iterator[str]:
        """Yield the initials of each author; empty for those without given names."""
        for author in self.fields.get("author", self.key).split(" and "):
            given = author.partition(",")[2].split()
            yield "".join("-".join(part[0] for part in name.split("-")) for name in given)

    @property
    def named(self) -> str:
        """As a text names it: ``Schaefer et al., 2018``."""
        first, *others = self.families
        if len(others) == 1 and others != ["others"]:
            first = f"{first} and {others[0]}"
        elif others:
            first = f"{first} et al."
        return f"{first}, {self.fields.get('year', 'n.d.')}"

    @property
    def listed(self) -> str:
        """As a list of references has it."""
        authors = self.authors
        shown = authors[:3] if len(authors) > 4 else authors
        names = ", ".join(name for name in shown if name != "others")
        if len(authors) > 4 or authors[-1] == "others":
            names += " et al."
        where = self.fields.get("journal") or self.fields.get("publisher", "")
        numbers = [self.fields[k] for k in ("volume", "pages") if k in self.fields]
        place = ", ".join([where, *numbers]).replace("--", "–")
        year, title = self.fields.get("year", "n.d."), self.fields.get("title", "")
        text = f"{names} ({year}). {title}. {place}."
        return text.replace("{", "").replace("}", "").replace("\\&", "&")

    @property
    def link(self) -> str:
        """Address of the article; empty if it has no DOI."""
        return f"https://doi.org/{self.fields['doi']}" if "doi" in self.fields else ""


@cache
def references() -> dict[str, Reference]:
    """Read ``references.bib``; entries by key."""
    text = files("gradshift.report").joinpath("references.bib").read_text(encoding="utf-8")
    entries = {}
    for source in map(str.strip, re.split(r"^(?=@)", text, flags=re.MULTILINE)[1:]):
        key = source[source.index("{") + 1 : source.index(",")].strip()
        lines = re.sub(r"\n[ \t]+(?=\S)(?!\w+\s*=)", " ", source)  # a field may go on below
        pairs = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", lines, flags=re.MULTILINE)
        entries[key] = Reference(key, source, dict(pairs))
    return entries


def known(keys: Iterable[str]) -> list[Reference]:
    """Return the entries of keys, each once, by author and year; others are left out."""
    everything = references()
    chosen = {key: everything[key] for key in keys if key in everything}
    return sorted(chosen.values(), key=lambda reference: reference.named)


def in_text(keys: Iterable[str], sentence: str = "") -> str:
    """Return the keys as a text names them, within brackets; empty for none.

    Those that the sentence names itself are left out.
    """
    everything = references()
    names = [everything[key].named if key in everything else key for key in dict.fromkeys(keys)]
    new = [name for name in names if name not in sentence]
    return f"({'; '.join(new)})" if new else ""
