"""The questions of the study, and the values that answer them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A value that answers a question.

    Parameters
    ----------
    measure, level, label : str
        As in the tables.
    name : str
        What it is called in a sentence, without an article.
    short : str
        On a figure.
    expected : {-1, 1}
        The direction of change that the question asks for.
    """

    measure: str
    level: str
    label: str
    name: str
    short: str
    expected: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Measure, level and label, as in the tables."""
        return self.measure, self.level, self.label


@dataclass(frozen=True, slots=True)
class Question:
    """One of the questions of the study, and the values that answer it."""

    text: str
    asked: tuple[Asked, ...]


QUESTIONS = (
    Question(
        "Does the default mode network hold together less?",
        (
            Asked(
                "withinfc", "network", "Default", "connectivity within the default mode network",
                "connectivity\nwithin default mode", -1,
            ),
            Asked(
                "segregation", "network", "Default", "segregation of the default mode network",
                "segregation of\ndefault mode", -1,
            ),
        ),
    ),
    Question(
        "Do high-order networks talk more with low-order ones?",
        (
            Asked(
                "lowhighfc", "whole", "whole",
                "connectivity of high-order with low-order networks",
                "high-order with\nlow-order networks", 1,
            ),
            Asked(
                "ordercollapse", "whole", "whole",
                "connectivity between the orders minus that within them",
                "between orders\nminus within", 1,
            ),
            Asked(
                "betweenfc", "network-pair", "Default-SomMot",
                "connectivity of the default mode with the somatomotor network",
                "default mode with\nsomatomotor", 1,
            ),
            Asked(
                "betweenfc", "network-pair", "Default-Vis",
                "connectivity of the default mode with the visual network",
                "default mode with\nvisual", 1,
            ),
        ),
    ),
    Question(
        "Is the principal gradient compressed?",
        (
            Asked(
                "lambdaref", "whole", "whole", "strength of the hierarchy",
                "strength of\nthe hierarchy", -1,
            ),
            Asked(
                "gradientrange", "whole", "whole", "range of the principal gradient",
                "range of the\nprincipal gradient", -1,
            ),
            Asked(
                "gradientdistance", "network-pair", "Default-SomMot",
                "distance of the default mode from the somatomotor network on the gradient",
                "default mode to\nsomatomotor distance", -1,
            ),
        ),
    ),
    Question(
        "Does the posterior cingulate cortex lose its role as a hub?",
        (
            Asked(
                "eigenvectorcentrality", "set", "PCC",
                "eigenvector centrality of the posterior cingulate cortex",
                "centrality of the\nposterior cingulate", -1,
            ),
        ),
    ),
)  # fmt: skip
"""Questions 1 to 4; 5 (PET, MRS) is answered by whatever rows there are, 6 by the design."""

GLOBAL = (("meanfc", "whole", "whole"), ("globalsd", "whole", "whole"))
"""What stands beside every answer: values that any shift of all correlations moves."""

EXPLORATORY = frozenset({"lead", "nonreversibility"})
"""Measures of direction: regions differ in haemodynamic delay, so they are never a headline."""
