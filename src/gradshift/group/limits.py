"""How much can be claimed: what few people, motion and the design leave open."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gradshift.bids.dataset import read_json
from gradshift.bids.tables import people_table
from gradshift.bids.write import write_json
from gradshift.core.inference.detectable import (
    detectable_change,
    detectable_difference,
    people_needed,
)
from gradshift.core.inference.page import chance_families
from gradshift.core.inference.power import power_groups, power_paired
from gradshift.core.inference.resampling import Resampled
from gradshift.core.statistics.baseline import baseline_dependence
from gradshift.core.statistics.effects import moments
from gradshift.core.statistics.signflip import signflip
from gradshift.group.acquisition import acquisition_differences, resampled
from gradshift.group.answers import answers
from gradshift.group.arrange import Column, arrange, weighted
from gradshift.group.balance import balance
from gradshift.group.contrasts import Contrast, contrasts, on_page
from gradshift.group.edges import tested
from gradshift.group.registration import departures
from gradshift.group.reliability import reliability
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar
from gradshift.recipes.lean import LEAN
from gradshift.study.design import is_placebo
from gradshift.study.effect import sizes
from gradshift.study.observations import UNKNOWN
from gradshift.study.participation import change_of_motion

EFFECTS = (0.2, 0.5, 0.7, 0.8, 0.9, 1.2)
"""Standardised changes for which power is given."""

Block = dict[str, object]
"""A part of the document."""


def write(study: Study, folder: Path) -> None:
    """Write the honesty block."""
    power = _power(study)
    words = _words(study)
    if not power["CanBeSignificant"]:
        words.append(
            f"With {power['Participants']} people no result can be significant at "
            f"{study.group.alpha:g}."
        )
    write_json(
        folder / "limits.json",
        {
            "Registration": _registration(study),
            "Participants": _attrition(study),
            "Balance": balance(study),
            "Tests": _tests(study),
            "Power": power,
            "Motion": _motion(study),
            "Acquisition": _acquisition(study),
            "AcquisitionEffect": _resampled(study),
            "Injected": _injected(study),
            "MotionAndConnections": _edges(study),
            "BaselineDependence": _baseline(study),
            "Limits": words,
            **sidecar(study),
        },
    )


def _registration(study: Study) -> Block | None:
    """Say whether the run follows a registration, and where it departs."""
    path = study.group.preregister
    if path is None:
        return None
    return {
        "Digest": str(read_json(Path(path))["Digest"]),
        "Departures": departures(study, Path(path)),
    }


def _attrition(study: Study) -> Block:
    """Count who is compared, and who is not by reason; figures in reasons are left out."""
    reasons: dict[str, set[str]] = {}
    for person in study.people:
        for part in filter(None, (person.reason or "").split("; ")):
            general = re.sub(r"(?<![\w-])\d+(\.\d+)?", "N", part)
            reasons.setdefault(general, set()).add(person.participant_id)
    everybody = {person.participant_id for person in study.people}
    compared = {person.participant_id for person in study.compared}
    return {
        "Known": len(everybody),
        "Compared": len(compared),
        "LeftOut": sorted(everybody - compared),
        "Reasons": [
            {"Reason": reason, "Participants": sorted(people)}
            for reason, people in sorted(reasons.items())
        ],
    }


def _tests(study: Study) -> Block:
    """Count the tests of the table of contrasts: in all, and by family over its variants."""
    rows = [row for row in contrasts(study) if np.isfinite(row.p)]
    families: dict[str, int] = {}
    for row in rows:
        families[row.family] = families.get(row.family, 0) + 1
    different = {_identity(row) for row in rows}
    alpha = study.group.alpha
    return {
        "Number": len(different),
        "ByFamily": families,
        "ExpectedByChance": {"Alpha": alpha, "Number": round(alpha * len(different), 2)},
        "ChanceFamilies": _by_chance(study),
    }


def _by_chance(study: Study) -> Block:
    """Say how many families of BOLD have a corrected result where nothing is there."""
    largest = [
        answer.comparison.largest
        for answer in answers(study)
        if answer.block.effect.name == study.main.name
        and not answer.block.effect.covariates
        and (answer.block.place.atlas, answer.block.place.recipe) == study.primary
        and answer.block.place.modality == "func"
    ]
    sizes = {len(null) for null in largest}
    if len(sizes) != 1:
        return {}
    chance = chance_families(np.column_stack(largest), alpha=study.group.alpha)
    return {
        "Families": len(largest),
        "Expected": chance.expected,
        "AnyHit": chance.any_hit,
        "UpTo": chance.upper,
    }


def _identity(row: Contrast) -> tuple[str | None, ...]:
    """Return what tells one test from another: the family does not."""
    return (
        *(row.contrast, row.effect, row.modality, row.task, row.atlas, row.recipe),
        *(row.measure, row.level, row.label, row.covariates),
    )


def _power(study: Study) -> Block:
    """Say what the main test can find; alpha / 7 and / 28 stand for the sizes of families."""
    main, alpha = study.main, study.group.alpha
    rows = _headline(study)
    n = max((row.n for row in rows), default=0)
    groups = sizes(main.predictor) if main.kind == "groups" else None
    smallest = min((row.p_min for row in rows if np.isfinite(row.p_min)), default=1.0)
    power: Block = {
        "Effect": str(main),
        "Test": "t test between groups" if groups else "paired t test",
        "Participants": n,
        "ParticipantsByGroup": groups,
        "Alpha": alpha,
        "SmallestP": smallest,
        "CanBeSignificant": bool(smallest <= alpha),
    }
    if groups is None:
        needed = {f"{d:g}": people_needed(d, alpha=alpha) for d in EFFECTS}
        power["PeopleNeededForPower80"] = needed
    if min(groups or (n,)) < 2:
        return power
    levels = {"alpha": alpha, "alpha/7": alpha / 7, "alpha/28": alpha / 28}
    power["DetectableAtPower80"] = {
        name: detectable_difference(*groups, alpha=level)
        if groups
        else detectable_change(n, alpha=level)
        for name, level in levels.items()
    }
    power["Power"] = {
        f"{d:g}": power_groups(d, *groups, alpha=alpha)
        if groups
        else power_paired(d, n, alpha=alpha)
        for d in EFFECTS
    }
    return power


def _headline(study: Study) -> list[Contrast]:
    """Return the results that the page answers with: of the first declared family there is."""
    main = [row for row in contrasts(study) if (row.contrast, row.effect) == study.main.name]
    page = [row for row in main if on_page(study, row)] or main
    declared = [row for row in page if row.family == "confirmatory"]
    return declared or [row for row in page if row.verdict != "n/a"] or page


def _motion(study: Study) -> list[Block]:
    """Compare motion before and after, task by task."""
    blocks = []
    bold = [person for person in study.compared if person.modality == "func"]
    for task in sorted({person.task for person in bold}):
        people = [person for person in bold if person.task == task]
        names = sorted({person.participant_id for person in people})
        changes = change_of_motion(bold, names, task, study.main.weights)[:, None]
        test = _flipped(study, changes)
        blocks.append(
            {
                "Task": task,
                "n": int(test.n[0]),
                "MeanFDBaseline": _mean(person.mean_fd_baseline for person in people),
                "MeanFDFollowup": _mean(person.mean_fd_followup for person in people),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
            }
        )
    return blocks


def _acquisition(study: Study) -> list[Block]:
    """Say how the acquisitions of sessions, and of people, differ."""
    return [
        {
            "Scope": row.scope,
            "Participants": list(row.participants),
            "Task": row.task,
            "What": row.what.replace("_", " "),
            "Values": {value: list(names) for value, names in row.values.items()},
            "BearsOnNumbers": row.bears_on_numbers,
        }
        for row in acquisition_differences(study)
    ]


def _resampled(study: Study) -> list[Block]:
    """Say what becomes of changes where finer sessions are measured as the coarser ones are."""
    return [
        {
            "Task": row.task,
            **dict(zip(("Measure", "Level", "Label"), row.column, strict=True)),
            "n": row.n,
            "MeanChange": row.change,
            "MeanChangeResampled": row.again,
        }
        for row in resampled(study)
    ]


def _flipped(study: Study, changes: NDArray[np.float64]) -> Resampled:
    """Test changes by flipping their signs."""
    group = study.group
    return signflip(changes, n_permutations=group.n_permutations, seed=group.random_seed)


def _injected(study: Study) -> list[Block]:
    """Compare what was injected before PET, before and after: a different dose is no synapse."""
    names = sorted({one.participant_id for one in study.compared if one.modality == "pet"})
    if not names or not study.design.within_period:
        return []
    blocks = []
    units = {"InjectedRadioactivity": "MBq", "InjectedMass": "ug"}
    for key, unit in units.items():
        amounts = {
            (result.participant, result.session): result.about.get(key)
            for result in study.results
            if result.modality == "pet"
        }
        before, after = (
            np.array([amounts.get((name, session), np.nan) for name in names], dtype=float)
            for session in (study.design.baseline, study.design.followup)
        )
        changes = (after - before)[:, None]
        known = np.isfinite(changes[:, 0])
        if not known.any():
            continue
        test = _flipped(study, changes)
        blocks.append(
            {
                "What": key,
                "Units": unit,
                "n": int(test.n[0]),
                "MeanBaseline": float(before[known].mean()),
                "MeanFollowup": float(after[known].mean()),
                "MeanChange": moments(changes)[1][0],
                "p": test.p[0],
            }
        )
    return blocks


def _mean(values: Iterable[float]) -> float:
    known = sorted(value for value in values if np.isfinite(value))
    return float(np.mean(known)) if known else np.nan


def _edges(study: Study) -> list[Block]:
    """Say how far the changes of connections go with those of motion."""
    return [
        {
            **tests.place,
            "n": tests.motion.n,
            "MedianAbsoluteR": tests.motion.median_r,
            "ShareBelow05": tests.motion.share,
            "DistanceDependence": tests.motion.distance_rho,
        }
        for tests in tested(study)
    ]


def _baseline(study: Study) -> list[Block]:
    """Ask of the confirmatory measures whether the change depends on the baseline."""
    if not study.design.within_period:
        return []
    confirmatory: set[Column] = {
        (row.measure, row.level, row.label)
        for row in contrasts(study)
        if row.family == "confirmatory"
    }
    atlas, recipe = study.primary
    table = study.table
    primary = table[
        (table["atlas"] == atlas)
        & (table["recipe"] == recipe)
        & table["measure"].isin({measure for measure, _, _ in confirmatory})
    ]
    return [
        block
        for task, values in primary.groupby("task", sort=True)
        for block in _baseline_of(study, str(task), values, confirmatory)
    ]


def _baseline_of(
    study: Study, task: str, values: pd.DataFrame, confirmatory: set[Column]
) -> list[Block]:
    """Ask it of the confirmatory measures of one task."""
    reliable = {
        (row.measure, row.level, row.label): row.icc_full
        for row in reliability(study)
        if row.session == study.design.baseline and row.task == task
    }
    _, array, columns = arrange(values, study.design)
    before, after = weighted(array, study.main.minus), weighted(array, study.main.plus)
    blocks = []
    for i, column in enumerate(columns):
        if column not in confirmatory:
            continue
        icc = reliable.get(column, np.nan)
        result = baseline_dependence(
            before[:, i],
            after[:, i],
            reliability=icc,
            n_permutations=study.group.n_permutations,
            seed=study.group.random_seed,
        )
        blocks.append(
            {
                "Task": task,
                **dict(zip(("Measure", "Level", "Label"), column, strict=True)),
                "n": result.n,
                "OldhamR": result.oldham_r,
                "OldhamInterval": [result.oldham_low, result.oldham_high],
                "OldhamP": result.oldham_p,
                "Reliability": icc,
                "BlomqvistSlope": result.blomqvist_slope,
                "BlomqvistInterval": [result.blomqvist_low, result.blomqvist_high],
            }
        )
    return blocks


def _words(study: Study) -> list[str]:
    """Say what this contrast lacks, as far as the model and the tables tell."""
    names = sorted({person.participant_id for person in study.compared})
    people = people_table(study.settings.bids_dir, names).reindex(names)
    sentences = []
    if not is_placebo(study.design.reference):
        sentences.append(
            f"{study.main.contrast} is compared without a placebo: the effects of the drug, of "
            "time, of repeated scanning and of expectation cannot be told apart."
        )
    sentences.append(
        f"Blinding: {study.design.blinding}."
        if study.design.blinding
        else "Whether anybody was blinded is not known; a model file may say it."
    )
    if study.main.kind == "crossover" and len(study.main.predictor) < len(names):
        sentences.append(
            "The order of the treatments is not known for everybody: effects of the drug and of "
            "the period cannot be told apart."
        )
    if study.primary[1] in LEAN:
        sentences.append(
            f"The primary recipe, {study.primary[1]}, is one for short scans: it takes less of "
            "motion and physiology out than the usual ones."
        )
    sentences += _sexes(people)
    days = _days(study, names)
    if len(days) > 1 and not study.design.more:
        sentences.append(
            f"Mixed delays: the follow-up was {min(days):g} to {max(days):g} days after the "
            "dose; the change is an average over them."
        )
    elif not days:
        sentences.append("sessions.tsv does not tell the days from the dose to the follow-up.")
    return sentences


SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def _sexes(people: pd.DataFrame) -> list[str]:
    """Say whether all participants have one sex, or that nobody knows."""
    sexes = _values(people, "sex")
    if not sexes:
        return ["participants.tsv does not tell the sex of the participants."]
    if len({SEXES.get(sex.lower(), sex) for sex in sexes}) > 1:
        return []
    sex = SEXES.get(sexes[0].lower(), sexes[0])
    return [f"All participants were {sex}; results may not generalise."]


def _days(study: Study, names: Sequence[str]) -> set[float]:
    """Return the different numbers of days from the dose to the follow-ups."""
    later = {
        (person, session)
        for person in names
        for session in study.design.sessions_of(person)
        if not study.design.is_baseline(person, session)
    }
    return {
        one.days
        for one in study.tables.observations
        if (one.person, one.session) in later and np.isfinite(one.days)
    }


def _values(table: pd.DataFrame, column: str) -> list[str]:
    """List the different values of a column that are known."""
    if column not in table.columns:
        return []
    return sorted(set(table[column].dropna()) - UNKNOWN)


FILES = Files(
    name="limits",
    rank=80,
    write=write,
    uses={"baseline": lambda written: written.limits("BaselineDependence", "OldhamP")},
)
