"""What the measures of voxel maps share: region means that came with the session."""

from collections.abc import Callable

from gradshift.core.cortex.measure import UnavailableError, Values
from gradshift.core.cortex.session import Session

NOT_COMPUTED = "voxel maps were not computed"


def region_means(name: str) -> Callable[[Session], Values]:
    """Make the function that takes the region means of a voxel map from a session."""

    def compute(session: Session) -> Values:
        if name not in session.maps:
            raise UnavailableError(session.missing_maps.get(name, NOT_COMPUTED))
        return {"region": session.maps[name]}

    return compute
