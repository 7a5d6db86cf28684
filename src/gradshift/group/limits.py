"""How much can be claimed: what few people, motion and the design leave open."""

import re
from pathlib import Path

from gradshift.bids.dataset import read_json
from gradshift.bids.write import write_json
from gradshift.group.acquisition import acquisition_differences, resampled
from gradshift.group.alongside import injected, motion
from gradshift.group.balance import balance
from gradshift.group.edges import tested
from gradshift.group.frombaseline import dependence
from gradshift.group.lacking import lacks
from gradshift.group.notcomputed import as_limits
from gradshift.group.physiology import physiology
from gradshift.group.power import power_of
from gradshift.group.registration import departures
from gradshift.group.study import Study
from gradshift.group.table import Files, sidecar
from gradshift.group.testcount import count_tests

Block = dict[str, object]
"""A part of the document."""


def write(study: Study, folder: Path) -> None:
    """Write the honesty block."""
    power = power_of(study)
    words = lacks(study)
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
            "Tests": count_tests(study),
            "Measures": as_limits(study.results),
            "Power": power,
            "Motion": motion(study),
            "Acquisition": _acquisition(study),
            "AcquisitionEffect": _resampled(study),
            **_physiology(study),
            "Injected": injected(study),
            "MotionAndConnections": _edges(study),
            "BaselineDependence": dependence(study),
            "Limits": words,
            **sidecar(study),
        },
    )


def _physiology(study: Study) -> Block:
    """Say how breathing and heart rate changed, where they are known."""
    blocks = physiology(study)
    return {"Physiology": blocks} if blocks else {}


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


FILES = Files(
    name="limits",
    rank=80,
    write=write,
    uses={"baseline": lambda written: written.limits("BaselineDependence", "OldhamP")},
)
