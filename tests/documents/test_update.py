import itertools
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dicomlake.documents.instance import InstanceDocument, Origin, build
from dicomlake.documents.kept import KeptSeries
from dicomlake.documents.update import Departure, apply
from dicomlake.engines.base import Plan
from dicomlake.engines.oracle import OracleEngine
from dicomlake.headers import read_file
from tests.builders import dicom_file


@pytest.fixture
def files(tmp_path: Path) -> list[InstanceDocument]:
    """Two series of one study, one instance twice, one with other content, one that claims two series."""
    made = [
        dicom_file(tmp_path / f"{i}", uid=f"1.2.{i % 7}", series=f"1.2.{i % 2}.9", InstanceNumber=i % 7)
        for i in range(14)
    ]
    made.append(dicom_file(tmp_path / "other", uid="1.2.3", series="1.2.1.9", InstanceNumber=99))
    made.append(dicom_file(tmp_path / "elsewhere", uid="1.2.4", series="1.2.77.9", study="1.77", PatientID="P2"))
    return [build(read_file(path), path.name, Origin("test")) for path in made]


def engine_after(*changes: tuple[Iterable[InstanceDocument], Iterable[Departure]]) -> OracleEngine:
    engine = OracleEngine()
    for arrivals, departures in changes:
        apply(engine, arrivals, departures)
        engine.commit()
    return engine


def content(engine: OracleEngine) -> Any:
    series = sorted(engine.scan("series"), key=lambda m: m.uid)
    instances = sorted(engine.scan("instance"), key=lambda m: m.uid)
    return series, instances, engine.kept(m.uid for m in series), engine.search(Plan(limit=0)).totals


@pytest.mark.parametrize("seed", range(10))
def test_neither_order_nor_batches_leave_a_trace(files: list[InstanceDocument], seed: int) -> None:
    rng = random.Random(seed)
    shuffled = rng.sample(files, len(files))
    size = rng.randint(1, len(files))
    batches: list[Sequence[InstanceDocument]] = [shuffled[i : i + size] for i in range(0, len(shuffled), size)]
    assert content(engine_after(*((batch, ()) for batch in batches))) == content(engine_after((files, ())))


def test_replaying_an_update_changes_nothing(files: list[InstanceDocument]) -> None:
    assert content(engine_after((files, ()), (files[3:9], ()), (files, ()))) == content(engine_after((files, ())))


@pytest.mark.parametrize("seed", range(10))
def test_what_departs_leaves_as_if_it_had_never_come(files: list[InstanceDocument], seed: int) -> None:
    gone = random.Random(seed).sample(files, 6)
    departures = [Departure(file.uid, file.location) for file in gone]
    rest = [file for file in files if file not in gone]
    assert content(engine_after((files, ()), ((), departures))) == content(engine_after((rest, ())))


def test_the_last_file_takes_instance_and_series_along(files: list[InstanceDocument]) -> None:
    engine = engine_after((files, ()))
    assert apply(engine, (), [Departure(file.uid, file.location) for file in files]) == 7
    engine.commit()
    assert content(engine)[:2] == ([], [])


def test_the_smallest_hash_and_location_is_the_document_and_the_rest_are_variants(
    files: list[InstanceDocument],
) -> None:
    engine = engine_after((files, ()))
    copies = sorted((f for f in files if f.uid == "1.2.3"), key=lambda f: (f.header_hash, f.location))
    member = engine.get("instance", ["1.2.3"])["1.2.3"]
    body = KeptSeries.decode(engine.kept([member.series])[member.series]).body("1.2.3")
    assert body["location"] == copies[0].location
    assert [variant["location"] for variant in body["variants"]] == [copy.location for copy in copies[1:]]
    assert "other-content" in [issue["code"] for issue in body["quality"]]


def test_a_roll_up_counts_instances_once_and_knows_every_value(files: list[InstanceDocument]) -> None:
    engine = engine_after((files, ()))
    found = engine.search(Plan("series"))
    assert found.totals is not None
    assert found.totals.instances == 7
    winners = {uid: min(group, key=lambda f: (f.header_hash, f.location)) for uid, group in _by_uid(files)}
    assert found.totals.bytes == sum(winner.size for winner in winners.values())


def _by_uid(files: list[InstanceDocument]) -> list[tuple[str, list[InstanceDocument]]]:
    ordered = sorted(files, key=lambda f: f.uid)
    return [(uid, list(group)) for uid, group in itertools.groupby(ordered, key=lambda f: f.uid)]
