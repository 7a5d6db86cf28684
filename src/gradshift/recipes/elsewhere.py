"""Columns that a recipe takes from another dataset than the preprocessed one."""

import re
from dataclasses import dataclass

from gradshift.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Columns of a table of another dataset.

    Parameters
    ----------
    dataset : str
        Its name in ``--derivatives NAME=PATH``.
    columns : tuple of str
        Names, or patterns such as ``ICA_*``.
    desc : str
        The ``desc`` of the table, where several have such columns.
    rejected : bool
        Only components that the table of metrics beside it classifies as rejected.
    orthogonalise : bool
        Take out of the rejected components what the accepted ones explain, so that nothing that
        these share is lost.

    Raises
    ------
    SettingsError
        If a value makes no sense.

    References
    ----------
    Pruim et al. (2015), NeuroImage 112:267; Kundu et al. (2012), NeuroImage 60:1759.
    """

    dataset: str
    columns: tuple[str, ...]
    desc: str = ""
    rejected: bool = False
    orthogonalise: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.dataset, str) or not re.fullmatch(
            r"[A-Za-z][A-Za-z0-9_-]*", self.dataset
        ):
            raise SettingsError(f"'dataset' must be a name, not {self.dataset!r}.")
        named = isinstance(self.columns, tuple) and all(
            isinstance(name, str) and name for name in self.columns
        )
        if not named or not self.columns:
            raise SettingsError(f"'columns' of {self.dataset} must be a list of names.")
        if not isinstance(self.desc, str):
            raise SettingsError(f"'desc' of {self.dataset} must be text, not {self.desc!r}.")
        for key in ("rejected", "orthogonalise"):
            if not isinstance(getattr(self, key), bool):
                raise SettingsError(f"{key!r} of {self.dataset} must be true or false.")
        if self.orthogonalise and not self.rejected:
            raise SettingsError(
                f"'orthogonalise' of {self.dataset} needs \"rejected\": true: rejected components "
                "are made orthogonal to the accepted ones."
            )
