"""What sidecars say of the code and the datasets that results come from."""

import sys
from collections.abc import Iterable

from gradshift import plugins
from gradshift.core import folders
from gradshift.output import code
from gradshift.output.identity import identity
from gradshift.participant.modality import Modality


def digest_of(what: str, name: str) -> str:
    """Return the digest of the code of one measure (``MEASURE``) or model (``MODEL``)."""
    plugin = plugins.of(name)
    return code.digest([folders.origin_of(what, name)], plugin.packages if plugin else None)


def origins(what: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Say of measures or models what code they are, and of those from outside which file."""
    codes = {}
    for name in names:
        plugin = plugins.of(name)
        codes[name] = {
            "CodeDigest": digest_of(what, name),
            **({"Plugin": plugin.path.name} if plugin else {}),
        }
    return codes


def provenance(modality: Modality, modules: Iterable[str]) -> dict[str, object]:
    """Say what code the results of a kind of input are made by, and of which datasets.

    Parameters
    ----------
    modality : Modality
    modules : iterable of str
        That compute its numbers.
    """
    return {
        "CodeDigest": code.digest(str(sys.modules[name].__file__) for name in modules),
        "SourceDataset": identity(modality.asked.settings.bids_dir),
        "SourceDerivatives": [identity(folder) for folder in modality.derivatives],
    }
