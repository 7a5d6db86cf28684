"""What a kind of design is: how it is recognised, arranged, and what it asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradshift.errors import SettingsError
from gradshift.settings import Group
from gradshift.study.design import Design, is_placebo
from gradshift.study.effect import Effect
from gradshift.study.model import Model
from gradshift.study.observations import StudyTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a design is arranged from.

    Parameters
    ----------
    tables : StudyTables
    group : Group
        Settings.
    bids_dir : Path
    model : Model, optional
        The model file, where one is given.
    """

    tables: StudyTables
    group: Group
    bids_dir: Path
    model: Model | None = None

    @property
    def named(self) -> bool:
        """Whether options name the sessions."""
        return bool(self.group.baseline or self.group.followup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of design.

    Parameters
    ----------
    name : str
        As in a model file.
    rank : int
        Kinds are tried in this order where no model names one.
    sentence : callable
        Takes the `Design`, returns what is said before anything is computed.
    recognise : callable
        Takes a `Request` without a model: whether the tables of the study show this kind.
    arrange : callable
        Takes a `Request`, returns the `Design` without atlases and recipes.
    questions : callable
        Takes a `Design` and those who are compared, returns what is asked, the main question
        first.
    """

    name: str
    rank: int
    sentence: Callable[[Design], str]
    recognise: Callable[[Request], bool]
    arrange: Callable[[Request], Design]
    questions: Callable[[Design, Sequence[str]], list[Effect]]


def insist(names: Sequence[str], present: Sequence[str]) -> None:
    """Refuse names of a model that are not present.

    Raises
    ------
    SettingsError
    """
    if absent := [name for name in names if name not in present]:
        raise SettingsError(
            f"The model names {', '.join(absent)}, which is not there; there is "
            f"{', '.join(present) or 'nothing'}."
        )


def two_of(
    model: Model | None, present: Sequence[str], what: str, *, ordered: bool = False
) -> tuple[str, str]:
    """Return the reference and what is held against it: as named, or else a placebo.

    Parameters
    ----------
    model : Model, optional
    present : sequence of str
        Groups or treatments, sorted.
    what : str
        What these are, in a message.
    ordered : bool
        Whether two of them may be taken in their order, without a placebo.

    Raises
    ------
    SettingsError
        If it is not clear which two.
    """
    if model and (model.reference or model.against):
        named = (str(model.reference), str(model.against))
        insist(named, present)
        return named
    placebo = [name for name in present if is_placebo(name)]
    others = [name for name in present if name not in placebo]
    if len(placebo) == 1 and len(others) == 1:
        return placebo[0], others[0]
    if ordered and len(present) == 2:
        return present[0], present[1]
    raise SettingsError(
        f"It is not clear what to compare: the {what} are {', '.join(present) or 'none'}. Name "
        'two of them as "Reference" and "Against" in --model FILE; a model with "Design": '
        '"paired" takes all people together.'
    )


def session_label(label: object) -> str:
    """Return a session with its prefix."""
    return f"ses-{str(label).removeprefix('ses-')}"
