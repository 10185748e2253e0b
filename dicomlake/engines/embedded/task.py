"""What the process that makes tables is told."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from dicomlake.engines.base import RecordLevel, Sort
from dicomlake.engines.embedded.order import Ordering
from dicomlake.engines.embedded.saved import Asked


@dataclass(slots=True)
class Task:
    """What to make of which commit; levels to paths and orders, in this order."""

    folder: str
    columns: Sequence[str]
    commit: str
    tables: int
    wanted: dict[RecordLevel, list[Asked]] = field(default_factory=dict)

    def written(self) -> bytes:
        """The task as text."""
        return orjson.dumps(asdict(self))

    @classmethod
    def read(cls, text: bytes) -> "Task":
        """The task of a text."""
        found = orjson.loads(text)
        wanted = {level: [_asked(one) for one in of] for level, of in found["wanted"].items()}
        return cls(found["folder"], found["columns"], found["commit"], found["tables"], wanted)


def _asked(one: Any) -> Asked:
    if isinstance(one, str):
        return one
    return Ordering(one["level"], tuple(Sort(**sort) for sort in one["sort"]))
