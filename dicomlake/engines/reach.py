"""What an update of an engine touches, so that two that meet are made one after the other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """What an update may touch, by uid: instances that are nowhere yet, the series it may write (those that it takes
    instances from, and those that it brings some to), the studies whose patients it changes or goes by. An instance
    that is somewhere already needs no name: who changes it may write its series."""

    series: frozenset[str] = frozenset()
    studies: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    everything: bool = False

    def __or__(self, other: "Reach") -> "Reach":
        """What either touches."""
        return Reach(
            self.series | other.series,
            self.studies | other.studies,
            self.instances | other.instances,
            self.everything or other.everything,
        )

    def covers(self, other: "Reach") -> bool:
        """Whether this has all that the other needs."""
        return self.everything or (
            self.series >= other.series and self.studies >= other.studies and self.instances >= other.instances
        )
