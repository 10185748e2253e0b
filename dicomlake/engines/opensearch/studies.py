"""``in_study``: the documents that have another series in their study with a condition."""

from dicomlake.engines.opensearch.compile import NOTHING, Dsl, differs, every
from dicomlake.engines.opensearch.composite import distinct
from dicomlake.engines.opensearch.lines import Job


def beside(condition: Dsl) -> Job[Dsl]:
    """The documents of the studies of all matching series, but for the one series of a study that alone does. Studies
    and series are told by their hashes, a third as long as their uids."""
    pairs = yield from distinct("series", condition, ("study_hash", "series_hash"))
    alone: dict[int, int | None] = {}
    for (study, series), _ in pairs:
        alone[study] = None if study in alone else series
    among = _any_of("study_hash", list(alone))
    return every([among, differs(_any_of("series_hash", [one for one in alone.values() if one is not None]))])


def _any_of(field: str, numbers: list[int]) -> Dsl:
    return {"terms": {field: numbers}} if numbers else NOTHING
