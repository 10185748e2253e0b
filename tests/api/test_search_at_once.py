import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import Departure, apply
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from tests.api.service import IDENTITY, ask, timeless
from tests.builders import dicom_file


def test_twenty_clients_at_once_get_what_one_gets(client: httpx.Client) -> None:
    requests: list[dict[str, Any]] = [
        {"q": q, "level": level, "facets": ["Modality", "Manufacturer.canonical"], "sort": ["-StudyDate"], "limit": 20}
        for q in ("", "Modality:CT", "SliceThickness:[1 TO *]", "-Modality:MR", "head OR chest")
        for level in IDENTITY
    ]
    alone = [timeless(ask(client, **request)) for request in requests]
    start = threading.Barrier(20)

    def worker(offset: int) -> None:
        start.wait()
        for step in range(len(requests)):
            which = (offset + step) % len(requests)
            assert timeless(ask(client, **requests[which])) == alone[which]

    with ThreadPoolExecutor(20) as pool:
        for done in [pool.submit(worker, offset) for offset in range(20)]:
            done.result()


def test_searches_go_on_while_the_lake_changes(tmp_path: Path, serve: Callable[[Path], httpx.Client]) -> None:
    lake = tmp_path / "lake"
    files = [
        dicom_file(tmp_path / f"{n}.dcm", uid=f"1.2.{n}.1", series=f"1.2.{n % 7}", study=f"1.{n % 3}", InstanceNumber=n)
        for n in range(1, 40)
    ]
    documents = [build(read_file(path), path.as_uri(), Origin(source="test")) for path in files]
    with Lake.open_for_writing(lake) as writing:
        apply(writing.engine, documents)
        writing.engine.commit()
    client = serve(lake)
    stop = threading.Event()

    def reader(level: str) -> int:
        answers = 0
        while not stop.is_set():
            assert ask(client, level=level, sort=["-InstanceNumber"], limit=100, facets=["InstanceNumber"])
            for path in (f"series/1.2.{answers % 7}", f"studies/1.{answers % 3}", f"instances/1.2.{answers % 40}.1"):
                assert client.get(f"/api/v1/{path}").status_code in (200, 404)
            answers += 1
        return answers

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(reader, level) for level in ("instance", "series", "study", "patient") * 2]
        try:
            with Lake.open_for_writing(lake) as writing:
                for turn in range(12):
                    away = documents[turn % 3 :: 3]
                    apply(writing.engine, [], [Departure(one.uid, one.location) for one in away])
                    writing.engine.commit()
                    apply(writing.engine, away)
                    writing.engine.commit()
        finally:
            stop.set()
        assert sum(done.result() for done in readers) > 20
    assert ask(client)["totals"]["instances"] == len(files)
