"""What the measures of direction share."""

from gradshift.core.cortex.measure import UnavailableError
from gradshift.core.cortex.session import Session
from gradshift.core.series.direction import Direction
from gradshift.errors import InputError

METHODS = (
    "Exploratory: correlations of each region with every other one volume later (where not "
    "stated otherwise), over pairs of adjacent retained volumes of the same run, were turned "
    "into information, -ln(1 - r²)/2. Haemodynamic delays differ between regions and limit what "
    "such lags say about neural influence."
)

CAVEAT = (
    "Exploratory. Regions differ in haemodynamic delay by about a second, which looks like "
    "direction, and a drug may change the vessels; read changes within a person only."
)


def directed(session: Session) -> Direction:
    """Return the direction of a session.

    Raises
    ------
    UnavailableError
        If there are too few volumes or regions, or the sessions of the person differ in
        repetition time: the lag is one volume, and would not be the same time in all.
    """
    if not session.same_tr:
        raise UnavailableError(
            f"the lag is one volume ({session.tr:g} s here), and the sessions of this person "
            "differ in repetition time"
        )
    try:
        return session.direction
    except InputError as error:
        raise UnavailableError(str(error)) from error
