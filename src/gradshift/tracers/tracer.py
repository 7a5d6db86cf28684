"""What is known of a tracer, each fact with its source."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

HALF_LIVES = {"11C": 20.3402, "18F": 109.734}
"""Minutes, by radionuclide (Kondev et al., 2021)."""

HALF_LIFE_SOURCE = "Kondev2021"

UNNAMED = "the tracer"
"""Name of a tracer that neither the names of files nor their JSON tell."""

WHERE = ("cortex", "reference")
"""What a plausible range is of: most regions of the cortex, or the reference region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A text and the key of its source."""

    value: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausible:
    """A range beyond which an outcome of a model is worth a warning.

    Parameters
    ----------
    outcome : str
        Key of ``gradshift.core.pet.model.OUTCOMES``.
    where : {'cortex', 'reference'}
    low, high : float
        In the unit of the outcome.
    source : str
    """

    outcome: str
    where: str
    low: float
    high: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracer:
    """What is known of a tracer; a fact without a value is not known.

    Parameters
    ----------
    name : str
        With its radionuclide, such as ``[11C]UCB-J``.
    radionuclide, target, meaning, reference_region, caveat : Fact
        `meaning` is what its binding stands for, in words; `reference_region` its name in
        PETPrep.
    plausible : tuple of Plausible
    refused : mapping of str to Fact
        Models that are not offered for it, by the name they have or would have, and why.
    """

    name: str
    radionuclide: Fact = field(default_factory=Fact)
    target: Fact = field(default_factory=Fact)
    meaning: Fact = field(default_factory=Fact)
    reference_region: Fact = field(default_factory=Fact)
    caveat: Fact = field(default_factory=Fact)
    plausible: tuple[Plausible, ...] = ()
    refused: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What its outcome stands for; neutral where that is not known."""
        return self.meaning.value or f"uptake or binding of {self.name}"

    @property
    def told(self) -> str:
        """The sentence for the methods section."""
        if not (self.target.value and self.meaning.value):
            return f"PET measured the {self.words}."
        return (
            f"The PET tracer {self.name} binds to {self.target.value}; its binding stood for "
            f"{self.words}."
        )

    @property
    def half_life(self) -> float | None:
        """Minutes; None where the radionuclide is not known."""
        return HALF_LIVES.get(self.radionuclide.value)

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys of the sources of its facts, each once."""
        single = (
            self.radionuclide, self.target, self.meaning, self.reference_region, self.caveat
        )  # fmt: skip
        facts: list[Fact | Plausible] = [*single, *self.plausible, *self.refused.values()]
        return tuple(dict.fromkeys(key for fact in facts if (key := str(fact.source))))

    def why_refused(self, model: str) -> str:
        """Say why a model is not offered for this tracer; empty if it is."""
        named = (model, f"bpnd{model}")
        return next((fact.value for name, fact in self.refused.items() if name in named), "")

    def to_json(self) -> dict[str, object]:
        """Return its facts as `from_json` takes them."""
        unknown = asdict(Fact())
        return {name: v for name, v in asdict(self).items() if v and v != unknown}
