"""``in_study``: the documents that have another series in their study with a condition."""

from collections.abc import Iterable

from dicomlake.engines.opensearch.compile import Dsl, differs, every, terms
from dicomlake.engines.opensearch.composite import distinct
from dicomlake.engines.opensearch.lines import Job


def beside(condition: Dsl) -> Job[Dsl]:
    """The documents of the studies of all matching series, but for the one series of a study that alone does."""
    pairs = yield from distinct("series", condition, ("study", "series"))
    alone: dict[str, str | None] = {}
    for (study, series), _ in pairs:
        alone[study] = None if study in alone else series
    return every([terms("study", alone), differs(terms("series", _known(alone.values())))])


def _known(series: Iterable[str | None]) -> list[str]:
    return [one for one in series if one is not None]
