"""The nuisance files of XCP-D as recipes.

Such a YAML file names columns, dataset by dataset. What XCP-D says on its command line (filter,
censoring) is not in it: there the defaults of a recipe hold. Names begin with ``xcpd``: some are
those of recipes of ours that do something else.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gradshift.errors import SettingsError
from gradshift.recipes.recipe import Scrub

OWN = ("preprocessed", "fmriprep")
"""Names of the dataset whose confounds lie beside the images."""

_REGULAR = re.compile(r"[\\^$.+(){}|]")


def from_nuisance(content: object) -> dict[str, Any]:
    """Turn a nuisance file into the keys of a recipe.

    Parameters
    ----------
    content : object
        As it was read.

    Raises
    ------
    SettingsError
        If it is none, or takes something that is no column.
    """
    if not isinstance(content, Mapping) or "confounds" not in content:
        raise SettingsError("a nuisance file of XCP-D has the keys name, description, confounds.")
    name = "xcpd" + re.sub("[^A-Za-z0-9]", "", str(content.get("name", "")))
    columns: list[object] = []
    for source in _sources(content["confounds"]):
        wanted = source.get("columns")
        dataset = str(source.get("dataset", ""))
        if not isinstance(wanted, list):
            raise SettingsError(
                f"it takes {dataset or 'a source'} that is no table of columns; images as "
                "regressors are not taken."
            )
        patterns = [_pattern(str(column)) for column in wanted]
        columns += patterns if dataset in OWN else [_elsewhere(dataset, source, patterns)]
    return {
        "name": name,
        "description": " ".join(
            re.sub(r"\s*\[@[^\]]*\]", "", str(content.get("description", ""))).split()
        ),
        "columns": columns,
        "scrub": {"fd_threshold": Scrub.fd_threshold},
    }


def _sources(confounds: object) -> Iterable[Mapping[str, Any]]:
    """Return the sources of a file, of the list of early versions or the object of later ones."""
    sources = list(confounds.values()) if isinstance(confounds, Mapping) else confounds
    if not isinstance(sources, list) or not all(isinstance(one, Mapping) for one in sources):
        raise SettingsError("'confounds' of a nuisance file must hold sources with columns.")
    return sources


def _elsewhere(dataset: str, source: Mapping[str, Any], patterns: list[str]) -> dict[str, object]:
    query = source.get("query")
    desc = query.get("desc", query.get("description")) if isinstance(query, Mapping) else None
    return {"dataset": dataset, "columns": patterns, **({"desc": str(desc)} if desc else {})}


def _pattern(text: str) -> str:
    """Turn the regular expression of a column into a pattern of file names.

    Raises
    ------
    SettingsError
        If a pattern cannot say the same.
    """
    if not _REGULAR.search(text):
        return text
    inner = text.removeprefix("^").removesuffix("$")
    pattern = inner.replace(r"\d+", "[0-9]*").replace(".*", "*").replace(".+", "?*")
    if _REGULAR.search(pattern):
        raise SettingsError(
            f"the column {text!r} is a regular expression that no pattern of a recipe can say; "
            "write the columns out in a recipe of your own."
        )
    return pattern
