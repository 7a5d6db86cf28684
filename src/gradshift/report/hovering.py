"""What a page tells of a matrix under the pointer."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gradshift.figures.matrices import by_network
from gradshift.report.saving import PANELS


def hover(
    path: Path,
    panels: Mapping[str, NDArray[np.float64]],
    networks: Sequence[str],
    names: Sequence[str],
) -> str:
    """Pack what the page tells of the matrices under the pointer.

    Parameters
    ----------
    path : Path
        Of the figure, that says where its panels are.
    panels : mapping of str to (R, R) array
        By title; symmetric, the upper triangle is kept.
    networks, names : sequence of str, length R

    Returns
    -------
    str
        JSON; empty if the figure does not know its panels. Values are whole numbers of 16 bits
        in units of `step`, row by row, the smallest for none.
    """
    with Image.open(path) as image:
        boxes = json.loads(image.info.get(PANELS, "{}"))
    if not panels or set(boxes) != set(panels):
        return ""
    order = by_network(networks)
    upper = np.triu_indices(len(order), k=1)
    values = {title: matrix[np.ix_(order, order)][upper] for title, matrix in panels.items()}
    largest = max(np.nanmax(np.abs(v), initial=0.0) for v in values.values())
    step = float(largest) / 32767 or 1.0
    packed = [
        {
            "title": title,
            "box": [round(share, 5) for share in boxes[title]],
            "values": base64.b64encode(_whole(upper_values, step)).decode(),
        }
        for title, upper_values in values.items()
    ]
    content = {"step": step, "names": [names[i] for i in order], "panels": packed}
    return json.dumps(content).replace("<", "\\u003c")


def _whole(values: NDArray[np.float64], step: float) -> bytes:
    """Round to whole steps of 16 bits; the smallest number stands for none."""
    return np.where(np.isfinite(values), np.round(values / step), -32768).astype("<i2").tobytes()
