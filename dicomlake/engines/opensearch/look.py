"""What an index tells of itself: its paths, the tokens of a path, the places of patients."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from dicomlake.engines.base import RecordLevel
from dicomlake.engines.opensearch.compile import EVERYTHING, term, terms
from dicomlake.engines.opensearch.composite import distinct
from dicomlake.engines.opensearch.facets import BUCKETS, counts_of, in_order, inexact, most_frequent
from dicomlake.engines.opensearch.lines import Job, Line, aggregating, counting, kind_of, total
from dicomlake.engines.opensearch.schema import path_key
from dicomlake.engines.opensearch.snapshot import Snapshot

_SIGN: Final = re.compile(r"([^\w]|_)", re.ASCII)


def present(level: RecordLevel, paths: Sequence[str]) -> Job[dict[str, int]]:
    """Documents that have a value at each of these paths, where there are any."""
    kind = kind_of(level)
    answers = yield [Line(kind, counting(term("e", path_key(path)))) for path in paths]
    counts = zip(paths, map(total, answers), strict=True)
    return {path: number for path, number in counts if number}


def vocabulary(
    snapshot: Snapshot, level: RecordLevel, path: str, prefix: str, limit: int
) -> Job[list[tuple[str, int]]]:
    """The most frequent tokens of a path that begin with a prefix."""
    kind = kind_of(level)
    field, before = snapshot.place(path)
    size = min(limit, BUCKETS)
    wanted = most_frequent(snapshot, path, size, _SIGN.sub(r"\\\1", prefix))
    (answer,) = yield [Line(kind, aggregating(EVERYTHING, {"x": wanted}))]
    if not inexact(answer, size, limit - 1):
        return counts_of(answer, before)
    every = yield from distinct(kind, EVERYTHING, (field,), before)
    ranked = in_order((key[0], number) for key, number in every)
    return [(token, number) for token, number in ranked if token.startswith(prefix)][:limit]


def placed(studies: Iterable[str]) -> Job[dict[str, dict[str, set[str]]]]:
    """Study to series to patients, of instances and series alike."""
    wanted = terms("study", studies)
    found: dict[str, dict[str, set[str]]] = {}
    for kind in (kind_of("instance"), kind_of("series")):
        listed = yield from distinct(kind, wanted, ("study", "series", "patient"))
        for (study, series, patient), _ in listed:
            found.setdefault(study, {}).setdefault(series, set()).add(patient)
    return found
