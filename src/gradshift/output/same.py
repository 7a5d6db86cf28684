"""Results that are compared with each other must be made alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradshift import plugins
from gradshift import settings as schema
from gradshift.bids.collect import SessionResult
from gradshift.bids.outputs import Sidecar
from gradshift.errors import SettingsError
from gradshift.output.identity import named

ADVICE = (
    "Run the participant level in the same way for all, or remove the results that no longer "
    "count."
)


@dataclass(frozen=True)
class Fact:
    """Something that all results must agree on.

    Parameters
    ----------
    what : str
        As a message calls it, up to the values.
    value : object
        What is compared.
    shown : str
        What a message says of it.
    """

    what: str
    value: object
    shown: str


def check_same(results: Sequence[SessionResult]) -> None:
    """Refuse results that were made in different ways, and name two of them.

    They may differ in settings (``--overwrite`` for some participants leaves those of others
    as they were), in the version or the code of gradshift, of a measure or a model, in the
    content of an atlas or a recipe of one name, and in the dataset they come from.

    Raises
    ------
    SettingsError
        Also if a measure of a plug-in is among them that was not loaded.
    """
    known: dict[str, tuple[Fact, SessionResult]] = {}
    for result in results:
        _insist_on_plugins(result)
        for fact in _facts(result):
            first, other = known.setdefault(fact.what, (fact, result))
            if first.value != fact.value:
                raise SettingsError(
                    f"The results of {_named(other)} and {_named(result)} were made with "
                    f"different {fact.what} {first.shown} and {fact.shown}. {ADVICE}"
                )


def _named(result: SessionResult) -> str:
    return f"{result.participant} {result.session} ({result.atlas}, {result.recipe})"


def _insist_on_plugins(result: SessionResult) -> None:
    """Refuse measures of plug-ins that this process does not know."""
    for name, measure in result.about.get("Measures", {}).items():
        if (file := measure.get("Plugin")) and plugins.of(name) is None:
            raise SettingsError(
                f"The results of {_named(result)} hold {name}, which the plug-in {file} defines; "
                "give it with --plugin at the group level, too."
            )


def _facts(result: SessionResult) -> Iterator[Fact]:
    """Yield what a result says of how it was made."""
    sidecar, modality = result.about, result.modality
    yield from _settings(sidecar.get("Settings"))
    yield _fact("versions", sidecar.get("Software"))
    yield _fact(f"code ({modality})", sidecar.get("CodeDigest"))
    yield from _datasets(sidecar, modality)
    space = sidecar["Entities"].get("space", "no space")
    for what, key in (
        (f"label tables of the atlas {result.atlas}", "AtlasLabelTableDigest"),
        (f"images of the atlas {result.atlas} in {space}", "AtlasImageDigest"),
    ):
        yield _fact(what, sidecar.get(key))
    if modality == "func":
        yield _fact(f"denoising recipes {result.recipe}", sidecar.get("RecipeDigest"))
    for name, measure in sidecar.get("Measures", {}).items():
        yield _fact(f"code of {name}", measure.get("CodeDigest"))


def _fact(what: str, value: object) -> Fact:
    return Fact(f"{what}:", value, "none recorded" if value is None else str(value))


def _settings(settings: Mapping[str, object] | None) -> Iterator[Fact]:
    """Yield the options that change numbers; one that was not given counts, too."""
    if settings is None:
        return
    for _, option in schema.options():
        if option.metadata["numbers"] == "participant" and not option.metadata["local"]:
            value = settings.get(option.name)
            flag = schema.flag(option.name)
            yield Fact(f"settings: {flag}", value, schema.shown(value))


def _datasets(sidecar: Sidecar, modality: str) -> Iterator[Fact]:
    """Yield which datasets a result comes from."""
    dataset = sidecar.get("SourceDataset")
    shown = named(dataset) if dataset else "none recorded"
    yield Fact("source datasets:", dataset and dataset["Digest"], shown)
    derivatives = sidecar.get("SourceDerivatives")
    names = ", ".join(map(named, derivatives or ())) or "none recorded"
    digests = None if derivatives is None else [one["Digest"] for one in derivatives]
    yield Fact(f"preprocessed datasets ({modality}):", digests, names)
