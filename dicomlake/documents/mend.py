"""Series that a writer left half written when it died, made what their instances say again.

An engine on a server takes documents one by one, so a writer that is killed may leave a series that counts instances
which are not there, instances that no series counts, or one in two series. What is kept of the series decides, since
instances are made of it; what nothing is kept of goes. The files of whoever died are read again when it is repeated.
"""

from collections.abc import Collection, Iterator

from dicomlake.documents import update
from dicomlake.documents.declared import is_declared
from dicomlake.documents.instance import InstanceDocument
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.update import Departure
from dicomlake.engines.base import Engine
from dicomlake.query.resolved import Match
from mappings.normal import text_token

MOST_DOCUMENTS = 2_000
"""Instances that are held at a time, more where a single series has more."""

_AT_ONCE = 100


def mend(engine: Engine, series: Collection[str]) -> None:
    """Write these series again, and all their instances, from what is kept; commits. All of them are written, also
    those that look whole, so that what may still be on its way from the dead writer comes too late."""
    for part in _parts(engine, sorted(series)):
        _mend(engine, part)
        engine.commit()


def _parts(engine: Engine, series: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for start in range(0, len(series), _AT_ONCE):
        listed = series[start : start + _AT_ONCE]
        kept = engine.kept(listed)
        for uid in listed:
            found = len(KeptSeries.decode(kept[uid]).instances) if uid in kept else 0
            if part and size + found > MOST_DOCUMENTS:
                yield part
                part, size = [], 0
            part.append(uid)
            size += found
    if part:
        yield part


def _mend(engine: Engine, series: list[str]) -> None:
    kept = {uid: KeptSeries.decode(found) for uid, found in engine.kept(series).items()}
    homes: dict[str, set[str]] = {}
    arrivals: list[InstanceDocument] = []
    for home, found in kept.items():
        for uid, copies in found.instances.items():
            homes.setdefault(uid, set()).add(home)
            arrivals += copies
    standing = engine.moment().walk("instance", Match("SeriesInstanceUID", tuple(text_token(uid) for uid in series)))
    orphans = [Departure(one.uid, "") for one in standing if one.uid not in homes]
    planned = update.plan(engine, arrivals, orphans, homes=homes)
    planned.begin(engine)
    whole = {uid for uid, one in engine.get("series", series).items() if uid not in kept and is_declared(one.shown)}
    for records in planned.records:
        planned.write(engine, records)
        whole.add(records[0].uid)
    engine.delete("series", set(series) - whole)
