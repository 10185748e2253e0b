"""``migration.json``: how far a migration has come, so that the next one goes on from there."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from dicomlake import disk
from dicomlake.errors import LakeError

NAME = "migration.json"


@dataclass(slots=True)
class Journal:
    """From which index (folder name and generation) to which (folder name, format and hashes), the uid of the last
    series that the new one has durably, and how many series and instances there were up to it. ``old``: the folder that
    gets the old lake once the new index is in its place, "" when it is removed."""

    source: str
    generation: str
    target: str
    target_mark: dict[str, Any]
    last: str = ""
    series: int = 0
    instances: int = 0
    old: str = ""

    @classmethod
    def read(cls, lake: Path) -> Self | None:
        """The journal of a migration that has not ended, or None. Raises LakeError when it cannot be read."""
        try:
            return cls(**orjson.loads((lake / NAME).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, TypeError, ValueError) as error:
            raise LakeError(
                f"{lake / NAME} cannot be read ({error}); remove it, the migration then begins anew"
            ) from error

    def write(self, lake: Path) -> None:
        """Durably; call it when the new index has committed what it says."""
        disk.write(lake / NAME, orjson.dumps(asdict(self)))

    def is_of(self, source: str, generation: str, target_mark: dict[str, Any]) -> bool:
        """Whether to go on by it: the same index as when it was begun, on the way to the same."""
        return (self.source, self.generation, self.target_mark) == (source, generation, target_mark)
