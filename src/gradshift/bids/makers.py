"""Which pipelines made a dataset, as its description says."""

from collections.abc import Mapping

from gradshift.bids.opener import shown


def makers(description: Mapping[str, object] | None) -> tuple[str, ...]:
    """Return name and version of every pipeline that a description says it was made by."""
    return tuple(
        shown(f"{entry['Name']} {entry.get('Version') or ''}".strip())
        for entry in generated_by(description)
    )


def generated_by(description: Mapping[str, object] | None) -> list[Mapping[str, object]]:
    """Return the pipelines of a description that have a name, as it has them."""
    known = description or {}
    generated = known.get("GeneratedBy")
    entries = generated if isinstance(generated, list) else [known.get("PipelineDescription")]
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("Name")]
