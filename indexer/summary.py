"""What a run did, in numbers."""

from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Summary:
    """Counts of files, then of instances.

    ``indexed``: files new to the lake, duplicates included; ``updated``: files whose content changed; ``unchanged``:
    files that are in the lake as they are. Files that were ignored or quarantined before and did not change are not
    read again and count as such again. ``removed``: instances that are gone because their last file is, or holds
    another. ``gone``: indexed files that are no longer there and stay in the lake until a run prunes.
    The last four counts are totals of the lake; ``seconds`` is wall-clock time. ``stages``: CPU seconds by stage, see
    :mod:`indexer.stages`, once the run is over.
    """

    indexed: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    ignored: int = 0
    quarantined: int = 0
    instances: int = 0
    series: int = 0
    studies: int = 0
    patients: int = 0
    seconds: float = 0.0
    gone: int = 0
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def files(self) -> int:
        """Files of this run's sources."""
        return self.indexed + self.updated + self.unchanged + self.ignored + self.quarantined

    def as_dict(self) -> dict[str, int | float]:
        """The counts and the seconds for JSON, in this order."""
        counts = asdict(self)
        del counts["stages"], counts["gone"]
        return {"files": self.files, **counts}
