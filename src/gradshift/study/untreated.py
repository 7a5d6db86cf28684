"""Which sessions of a person are without the drug: they show what days differ by."""

from gradshift.study.design import Design, is_placebo


def untreated(design: Design, person: str) -> tuple[bool, ...]:
    """Say of every condition whether a person is without the drug in it.

    Parameters
    ----------
    design : Design
    person : str

    Returns
    -------
    tuple of bool
        By condition: before any dose, or under placebo. What is weighed up anywhere counts as
        under the drug.
    """
    if is_placebo(design.reference) and design.groups.get(person) == design.reference:
        return (True,) * len(design.conditions)
    up = {i for one in design.weighted for i, weight in enumerate(one.plus) if weight > 0}
    words = is_placebo(design.reference) and f"{design.reference} "
    return tuple(
        (condition.before and i not in up) or bool(words and condition.name.startswith(words))
        for i, condition in enumerate(design.conditions)
    )
