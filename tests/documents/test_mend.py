"""What a writer leaves half written, on an engine that takes documents one by one, is made whole from what is kept."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from dicomlake.documents import update
from dicomlake.documents.declared import DECLARED
from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.mend import mend
from dicomlake.documents.update import Departure, apply
from dicomlake.engines.oracle import OracleEngine
from dicomlake.engines.strategies import series_record
from dicomlake.headers import read_file
from tests.builders import dicom_file
from tests.documents.test_update import content, engine_after


@pytest.fixture
def files(tmp_path: Path) -> list[InstanceDocument]:
    """Four series in two studies, one of those of two patients; copies, other contents, and some that claim another
    series."""
    rng = random.Random(7)
    made = []
    for n in range(40):
        series = n % 4
        claimed = series if rng.randrange(5) else (series + 1) % 4
        made.append(
            dicom_file(
                tmp_path / f"{n:02}.dcm",
                uid=f"1.2.{n % 24}",
                series=f"1.3.{claimed}",
                study=f"1.4.{claimed // 2}",
                PatientID="P9" if n == 30 else f"P{claimed // 2}",
                InstanceNumber=n // 2 * 2,
            )
        )
    return [build(read_file(path), path.name, Origin("test")) for path in made]


def interrupted(
    engine: OracleEngine, arrivals: list[InstanceDocument], departures: list[Departure], rng: random.Random
) -> frozenset[str]:
    """Some of the writes of an update, in any order; gives the series that it would have written."""
    planned = update.plan(engine, arrivals, departures)
    for one in planned.first:
        if rng.randrange(4) == 0:
            engine.commit()
            return planned.reach.series
        engine.put([one])
    engine.commit()
    writes: list[Callable[[], None]] = []
    for uid in planned.gone:
        writes.append(lambda uid=uid: engine.delete("instance", [uid]))
    for uid in planned.emptied:
        writes.append(lambda uid=uid: engine.delete("series", [uid]))
    for records in planned.records:
        for one in records:
            writes.append(lambda one=one: engine.put([one]))
            if one.kept:  # a server takes what is kept by itself
                old = engine.kept([one.uid]).get(one.uid, b"")
                writes.append(lambda one=one, old=old: engine.put([replace(one, kept=old)]))
    for write in rng.sample(writes, rng.randint(0, len(writes))):
        write()
    engine.commit()
    return planned.reach.series


def copies(engine: OracleEngine) -> list[InstanceDocument]:
    """All files that the engine keeps the headers of."""
    kept = engine.kept([one.uid for one in engine.scan("series")])
    return [copy for one in kept.values() for several in KeptSeries.decode(one).instances.values() for copy in several]


@pytest.mark.parametrize("seed", range(40))
def test_half_an_update_is_made_whole_and_can_be_repeated(files: list[InstanceDocument], seed: int) -> None:
    rng = random.Random(seed)
    before, after = files[: rng.randint(5, 20)], files[20:]
    gone = [Departure(one.uid, one.location) for one in rng.sample(before, rng.randint(0, 4))]
    engine = engine_after((before, ()))
    written = interrupted(engine, after, gone, rng)
    mend(engine, written)
    assert content(engine) == content(engine_after((copies(engine), ())))
    apply(engine, after, gone)
    engine.commit()
    assert content(engine) == content(engine_after((before, ()), (after, gone)))


def test_a_series_that_is_only_declared_stays(files: list[InstanceDocument]) -> None:
    engine = engine_after((files, ()))
    for uid, field in (("1.5.1", DECLARED), ("1.5.2", "Modality")):
        shown = orjson.dumps({"common": {field: "x"}, "varied": {}})
        engine.put([replace(series_record(uid), shown=shown, kept=b"")])
    engine.commit()
    mend(engine, ["1.3.0", "1.5.1", "1.5.2", "1.5.3"])
    assert sorted(one.uid for one in engine.scan("series")) == ["1.3.0", "1.3.1", "1.3.2", "1.3.3", "1.5.1"]
