"""All documents of one index into another, built anew from the kept headers; no file is opened."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from dicomlake.documents import declared, update
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.rebuild import rebuild
from dicomlake.documents.sharing import share
from dicomlake.engines.base import Engine, Plan, Record, RecordLevel
from dicomlake.errors import EngineError, LakeError, StoppedError
from dicomlake.lake import FORMAT
from indexer import journal as journals
from indexer.idc.rows import ORIGIN
from indexer.journal import Journal

MOST_DOCUMENTS = 2_000
"""Documents of one commit, more where a single series has more."""

_PAGE = 200
"""Series whose kept headers are fetched at once."""


@dataclass(slots=True)
class Migration:
    """What a migration did. ``needed``: False when the lake was as it has to be. ``resumed``: instances, and series,
    that a killed one had copied. ``ids``: the checksum of all ids, where both indices were asked and have the same.
    ``old``: the folder with the lake as it was, "" when it is gone."""

    needed: bool = False
    from_format: int = FORMAT
    to_format: int = FORMAT
    from_engine: str = "embedded"
    to_engine: str = "embedded"
    series: int = 0
    instances: int = 0
    resumed: int = 0
    resumed_series: int = 0
    of_instances: int = 0
    of_series: int = 0
    ids: str = ""
    old: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


Watch = Callable[[Migration], None]
"""Told what was done so far; the same object every time."""


def copy(
    lake: Path, source: Engine, target: Engine, journal: Journal, done: Migration, watch: Watch, stop: threading.Event
) -> None:
    """Everything that the journal does not have yet. Raises LakeError unless the target then has as much."""
    held = source.stats()
    done.of_instances, done.of_series = held.instances, held.series
    waiting: list[InstanceDocument] = []
    records: list[Record] = []
    for uid, shown, kept in _kept_after(source, journal.last):
        if kept:
            series = KeptSeries.decode(kept)
            waiting += [rebuild(one) for copies in series.instances.values() for one in copies]
            journal.instances += len(series.instances)
        else:
            records.append(declared.rebuild(shown, ORIGIN.issuer, target.encoder))
        journal.last = uid
        journal.series += 1
        stopping = stop.is_set()
        if len(waiting) + len(records) >= MOST_DOCUMENTS or stopping:
            _commit(lake, target, waiting, records, journal)
            waiting, records = [], []
        done.series, done.instances = journal.series, journal.instances
        watch(done)
        if stopping:
            raise StoppedError(
                f"stopped after {done.instances} of {done.of_instances} instances; the lake is as it was, run the "
                "same command again to go on",
                migration=done.as_dict(),
            )
    _commit(lake, target, waiting, records, journal)
    copied = target.stats()
    for what, now, before in (
        ("instances", copied.instances, held.instances),
        ("series", copied.series, held.series),
    ):
        if now != before:
            raise LakeError(
                f"the new index has {now} {what} and the old one {before}; the lake is as it was, remove "
                f"{lake / journals.NAME} to begin anew"
            )


def check_ids(lake: Path, source: Engine, target: Engine) -> str:
    """The checksum of the ids of all documents. Raises LakeError when the two do not have the same ones."""
    before, now = ids(source), ids(target)
    if before != now:
        raise LakeError(
            f"the new index has other documents than the old one (checksums of ids {now} and {before}); the lake is "
            f"as it was, remove {lake / journals.NAME} to begin anew"
        )
    return now


def ids(engine: Engine) -> str:
    """A checksum of the ids of all documents, in whatever order the engine gives them."""
    levels: tuple[RecordLevel, ...] = ("instance", "series")
    every = (f"{level}:{one.uid}".encode() for level in levels for one in engine.scan(level))
    total = sum(int.from_bytes(blake2b(one, digest_size=16).digest()) for one in every)
    return f"{total % (1 << 128):032x}"


def _kept_after(source: Engine, last: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Series behind ``last`` in order of uid, what each shows, and what is kept of it: nothing of declared ones."""
    after: tuple[str | None, ...] | None = (last,) if last else None
    while True:
        page = source.search(Plan(limit=_PAGE, after=after, totals=False))
        kept = source.kept(hit.key for hit in page.hits)
        for hit in page.hits:
            shown = hit.members[0].shown
            if hit.key not in kept and not declared.is_declared(shown):
                raise LakeError(f"the headers of series {hit.key} are not kept; index its files into a new folder")
            yield hit.key, shown, kept.get(hit.key, b"")
        after = page.after
        if after is None:
            return


def _commit(
    lake: Path, target: Engine, documents: list[InstanceDocument], records: list[Record], journal: Journal
) -> None:
    target.put(records)
    update.apply(target, share(documents, target.encoder))
    target.commit()
    if refused := target.rejected():
        raise EngineError(f"the new index refuses {refused[0].level} {refused[0].uid}: {refused[0].reason}")
    journal.write(lake)
