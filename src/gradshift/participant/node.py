"""Making nodes of steps: each knows the code it runs, so that a change is computed anew."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nipype.interfaces.base import File, traits
from nipype.pipeline import engine as pe

from gradshift.output import code
from gradshift.participant.nodes.outcome import Step, item


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
        Files of plug-ins, from where we are; a step runs in a folder of its own.
    overwrite : bool, optional
        Whether to run although nothing changed.
    mem_gb : float
        Memory that it needs.
    **inputs
        Of the step.
    """
    files = [str(Path(file).resolve()) for file in plugins]
    interface = kind(code=code.of(kind), plugins=files, **inputs)
    return pe.Node(interface, name=name, overwrite=overwrite, mem_gb=mem_gb)


def stop_at_the_first_crash(workflow: pe.Workflow) -> None:
    """Let what nobody has foreseen be a crash in every step of a graph."""
    for node in workflow._get_all_nodes():
        if isinstance(node.interface, Step):
            node.inputs.stops = True


def collect(
    workflow: pe.Workflow,
    nodes: Sequence[pe.Node],
    target: pe.Node,
    name: str,
    output: str = "out_file",
) -> None:
    """Connect the same output of several nodes to one input of another, which is a list.

    Nipype connects an input to one output, and merges in a node of its own, with files of its
    own: here the input gets one more for each of its items, see `gather`.

    Parameters
    ----------
    workflow : nipype Workflow
    nodes : sequence of Node
        In the order of the list.
    target : Node
    name : str
        Of the input.
    output : str
    """
    target.inputs.gathered = {**(target.inputs.gathered or {}), name: len(nodes)}
    for number, node in enumerate(nodes):
        one = item(name, number)
        is_file = output == "out_file"
        target.inputs.add_trait(one, File(exists=True) if is_file else traits.Any())
        workflow.connect([(node, target, [(output, one)])])
