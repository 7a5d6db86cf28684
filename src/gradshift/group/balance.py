"""Whether what is missing or remarked falls evenly on sessions and groups."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gradshift.core.inference.families import CONFIRMATORY
from gradshift.core.statistics.balance import balance_between, balance_within
from gradshift.group.arrange import Column
from gradshift.group.study import Place, Study


def balance(study: Study) -> list[Mapping[str, object]]:
    """Test it of the sessions of BOLD, and of the confirmatory values.

    Returns
    -------
    list of mapping
        For sessions that cannot be used, and for every confirmatory value that is missing or
        remarked anywhere: people in whom it is so more often on the follow-up's side and on the
        baseline's, with an exact p; between groups Fisher's.
    """
    blocks = []
    for place, values in study.places():
        if place.modality != "func" or (place.atlas, place.recipe) != study.primary:
            continue
        people = study.of_kind("func", place.task)
        names = [person.participant_id for person in people]
        usable = {
            (result.participant, result.session)
            for result in study.results
            if not result.excluded
            and (result.modality, result.task, result.atlas, result.recipe)
            == ("func", place.task, place.atlas, place.recipe)
        }
        excluded = np.array(
            [
                [(name, session) not in usable for session in study.design.sessions_of(name)]
                for name in names
            ]
        )
        blocks.append(_block(study, place, "sessions left out", names, excluded))
        marked = values[(values["status"] != "ok") | values["value"].isna()]
        where: dict[Column, set[tuple[str, str]]] = {}
        for person, session, *key in marked[
            ["participant_id", "session_id", "measure", "level", "label"]
        ].itertuples(index=False):
            if tuple(key) in CONFIRMATORY:
                where.setdefault((key[0], key[1], key[2]), set()).add((person, session))
        for column, sessions in sorted(where.items()):
            flags = np.array(
                [
                    [(name, session) in sessions for session in study.design.sessions_of(name)]
                    for name in names
                ]
            )
            what = f"{column[0]} {column[2]} missing or remarked"
            blocks.append(_block(study, place, what, names, flags))
    return blocks


def _block(
    study: Study, place: Place, what: str, names: list[str], marked: NDArray[np.bool_]
) -> Mapping[str, object]:
    """Test one kind of mark."""
    within = balance_within(marked, study.main.weights)
    block: dict[str, object] = {
        "Task": place.task,
        "What": what,
        "Sessions": int(marked.sum()),
        "n": within.n,
        "MoreAtFollowup": within.more,
        "MoreAtBaseline": within.fewer,
        "p": within.p,
    }
    if study.main.kind == "groups":
        groups = study.main.number(names)
        known = np.isfinite(groups)
        block["pBetweenGroups"] = balance_between(
            np.asarray(marked.any(axis=1))[known], groups[known].astype(int).astype(str)
        )
    return block
