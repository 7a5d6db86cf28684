"""What the measures of voxel maps share: region means that came with the session."""

from collections.abc import Callable

from gradshift.core.measures import UnavailableError, Values
from gradshift.core.session import Session


def region_means(name: str) -> Callable[[Session], Values]:
    """Make the function that takes the region means of a voxel map from a session."""

    def compute(session: Session) -> Values:
        if name not in session.maps:
            raise UnavailableError("voxel maps were not computed")
        return {"region": session.maps[name]}

    return compute
