"""Options of PET."""

from dataclasses import dataclass

from gradshift import checks
from gradshift.settings.optionfield import option


@dataclass(frozen=True, slots=True, kw_only=True)
class Pet:
    """Kinetic models of PET."""

    pet_model: tuple[str, ...] = option(
        (),
        "kinetic models; if not given vtlogan and vt1tcm with blood, else dvrreflogan, "
        "bpndmrtm2 and bpndsrtm2 with --k2prime, else suvr",
        nargs="+",
        metavar="MODEL",
        numbers="participant",
    )
    k2prime: float | None = option(
        None,
        "efflux from the reference region, the same for everybody; from a one-tissue model of "
        "the reference region, one for all sessions of a person, if not given and there is blood",
        kind=float,
        metavar="PER_MINUTE",
        numbers="participant",
        check=checks.positive,
    )
    tracer: str | None = option(
        None,
        "JSON file of a tracer of your own; shipped are those of the documentation, and a scan "
        "says by trc- or TracerName which one it is of",
        metavar="FILE",
        numbers="participant",
        local=True,
    )
    pet_reference: str | None = option(
        None,
        "reference region: its name in PETPrep, or a mask on the grid of the 4-D image; if not "
        "given, that of the tracer, or of an unknown tracer the only one there is",
        metavar="NAME|FILE",
        numbers="participant",
    )
    blood_volume: str = option(
        "0.05",
        "share of a region that is blood in vt1tcm, or fit",
        metavar="SHARE|fit",
        numbers="participant",
        check=checks.blood_volume,
    )
