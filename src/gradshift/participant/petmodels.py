"""Which kinetic models are fitted to scans."""

from collections.abc import Sequence
from pathlib import Path

from gradshift.bids import outputs
from gradshift.bids.dataset import read_json
from gradshift.bids.petscan import PetScan
from gradshift.bids.pettimes import window
from gradshift.core.pet.model import LATEST_START
from gradshift.settings import Settings


def chosen_models(scans: Sequence[PetScan], settings: Settings) -> list[str]:
    """Return the models asked for, or the best that the scans allow."""
    if settings.pet.pet_model:
        return list(settings.pet.pet_model)
    if any(scan.blood and scan.kind != "static" for scan in scans):
        free = any(_has_free_fraction(scan.blood) for scan in scans)
        late = any(_is_late(scan) for scan in scans)
        divided = ["vtfplogan", "vtfp1tcm"] if free else []
        return ["vtlogan", "vt1tcm", *divided, *(["suvr"] if late else [])]
    if settings.pet.k2prime is not None and any(scan.kind != "static" for scan in scans):
        return ["dvrreflogan", "bpndmrtm2", "bpndsrtm2"]
    return ["suvr"]


def _is_late(scan: PetScan) -> bool:
    """Tell whether a scan starts long after its injection: ratios are all that it gives."""
    minutes = window(scan.metadata)
    return minutes is not None and minutes[0] >= LATEST_START


def _has_free_fraction(blood: Sequence[Path]) -> bool:
    """Tell whether the free fraction was measured; whether it makes sense is found later."""
    described = [outputs.sidecar(path) for path in blood]
    return any(path.exists() and read_json(path).get("PlasmaFreeFraction") for path in described)
