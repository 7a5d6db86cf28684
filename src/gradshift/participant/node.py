"""Making nodes of steps: each knows the code it runs, so that a change is computed anew."""

from collections.abc import Sequence
from typing import Any

from nipype.pipeline import engine as pe

from gradshift.output import code
from gradshift.participant.nodes.outcome import Step


def step(
    kind: type,
    name: str,
    plugins: Sequence[str],
    /,
    *,
    overwrite: bool | None = None,
    mem_gb: float = 0.2,
    **inputs: Any,
) -> pe.Node:
    """Make a node.

    Parameters
    ----------
    kind : type
        The class of the step.
    name : str
    plugins : sequence of str
        Files of plug-ins.
    overwrite : bool, optional
        Whether to run although nothing changed.
    mem_gb : float
        Memory that it needs.
    **inputs
        Of the step.
    """
    interface = kind(code=code.of(kind), plugins=list(plugins), **inputs)
    return pe.Node(interface, name=name, overwrite=overwrite, mem_gb=mem_gb)


def stop_at_the_first_crash(workflow: pe.Workflow) -> None:
    """Let what nobody has foreseen be a crash in every step of a graph."""
    for node in workflow._get_all_nodes():
        if isinstance(node.interface, Step):
            node.inputs.stops = True


def collect(
    workflow: pe.Workflow, name: str, nodes: Sequence[pe.Node], output: str = "out_file"
) -> pe.Node:
    """Add a node that collects the same output of several into the list ``out``."""
    from nipype.interfaces.utility import Merge

    merge = pe.Node(Merge(len(nodes)), name=name, run_without_submitting=True)
    for number, node in enumerate(nodes, start=1):
        workflow.connect([(node, merge, [(output, f"in{number}")])])
    return merge
