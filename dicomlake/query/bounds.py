"""Ranges as values of a search: from a lowest to a highest value, both of them in it, either side open.

In an address a range is ``SliceThickness:0..1.5``, ``StudyDate:2019..2021-06``, ``PatientAge:60..``: field, colon,
lowest value, two points, highest value, as a person types them in a query. Dates and times stand for their periods, so
``2019..2021`` ends with the last day of 2021; nothing on both sides is any value at all.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from dicomlake.errors import QueryError
from dicomlake.messages import Message
from dicomlake.query.names import NAME, spelled
from dicomlake.query.tokens import shown
from dicomlake.query.values import Value

SEPARATOR: Final = ".."


class Bounds(NamedTuple):
    """The lowest and the highest value of a range; ``None`` leaves a side open."""

    low: Value | None = None
    high: Value | None = None

    def __str__(self) -> str:
        low, high = ("" if bound is None else str(bound) for bound in self)
        return f"{low}{SEPARATOR}{high}"


Ranges = Mapping[str, Sequence[Bounds]]
"""Ranges by field, alternatives within a field."""


def parse_range(item: str) -> tuple[str, Bounds]:
    """Field and range of ``Field:low..high``. Raises QueryError."""
    found = NAME.match(item)
    if found is None or item[found.end() : found.end() + 1] != ":":
        raise _unreadable(item)
    low, points, high = item[found.end() + 1 :].partition(SEPARATOR)
    if not points:
        raise _unreadable(item)
    return spelled(found[0]), Bounds(low.strip() or None, high.strip() or None)


def _unreadable(item: str) -> QueryError:
    return QueryError(
        Message(
            "the range {item} is not understood; a field, a colon, the lowest value, two points and the highest "
            "value are expected, as in SliceThickness:0..1.5",
            item=shown(item),
        )
    )
