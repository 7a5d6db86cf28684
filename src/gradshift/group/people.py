"""Who is compared, and who is not and why."""

from gradshift.group.table import Table
from gradshift.study.participation import Participation

TABLE = Table(
    name="participants", rank=0, row=Participation, rows=lambda study: list(study.people)
)
