"""The whole program on a real OpenSearch server gives what it gives on the embedded engine."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

import sample
from tests.api.service import REAL_FILES, Service, ask, timeless
from tests.indexer.builders import hospital
from tests.indexer.idc import index_slice
from tests.lake.places import Place, embedded, on_server
from tools.opensearch import Server

SEARCHES: list[dict[str, Any]] = [
    {},
    {"q": "Modality:CT", "facets": ["Manufacturer.canonical", "BodyPartExamined.canonical", "quality"]},
    {"q": "Modality:CT AND SliceThickness:[0 TO 3]", "level": "instance", "facets": ["SliceThickness"]},
    {"q": "thorax OR chest", "level": "study", "facets": ["Modality"]},
    {"q": '"torax portatil"', "level": "patient"},
    {"q": "-Manufacturer:GE*", "sort": ["-StudyDate", "SeriesNumber"]},
    {"q": "Manufacturer:*e?e*", "sort": ["Manufacturer"]},
    {"q": "_exists_:ContrastBolusAgent", "facets": ["ContrastBolusAgent"]},
    {"q": "StudyDate:[2015 TO 2020-06]", "facets": ["PatientSex"], "sort": ["PatientAge"]},
    {"q": "StudyTime:[10:00 TO 14:00]", "level": "study"},
    {"q": "Modality:PT AND in_study(Modality:CT)", "facets": ["Modality"]},
    {"q": "in_study(Modality:SR) OR Rows:512"},
    {
        "q": "",
        "filters": {"Modality": ["CT", "MR"]},
        "exclude": {"Manufacturer.canonical": [None]},
        "facets": ["Modality"],
    },
    {"q": "", "ranges": {"SliceThickness": [{"min": 1, "max": 5}]}, "facets": ["Modality", "Rows"]},
    {"q": "", "histograms": ["SliceThickness", "StudyDate", "instanceCount"]},
    {
        "q": "RequestAttributesSequence.RequestedProcedureID:*",
        "facets": ["RequestAttributesSequence.ScheduledProcedureStepID"],
    },
    {"q": "nothing matches this"},
]

PAGES = [
    "/api/v1/stats",
    "/api/v1/quality",
    "/api/v1/quality/unmapped",
    "/api/v1/quarantine",
    "/api/v1/fields?q=thick",
    "/api/v1/facets/Modality?contains=c",
    "/api/v1/facets/ProtocolName?q=Modality:CT",
    "/api/v1/histogram/SliceThickness",
    "/api/v1/histogram/StudyDate?q=Modality:MR&interval=year",
    "/readyz",
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two") / "archive"
    sample.write(folder, 6, 1)
    return folder


@pytest.fixture(scope="module")
def places(archive: Path, opensearch: Server) -> Iterator[tuple[Place, Place]]:
    """The sample archive and the files that pydicom ships, once in each engine."""
    with on_server(opensearch, archive.with_name("served")) as served:
        both = embedded(archive.with_name("inside")), served
        said = [place.command("index", archive, REAL_FILES, "--json", "--quiet") for place in both]
        assert {one.code for one in said} == {3}, said[1].err
        first, second = ({**one.lines[-1], "seconds": 0} for one in said)
        assert first == second
        assert first["instances"] > 300
        yield both


@pytest.fixture(scope="module")
def clients(places: tuple[Place, Place]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with ExitStack() as stack:
        inside, served = (
            stack.enter_context(stack.enter_context(Service(place.data, choice=place.choice)).client())
            for place in places
        )
        yield inside, served


_OF_THE_INDEX = ("seen", "generation", "took_ms", "cursor", "bytes", "engine", "segments", "shards", "next")


def alike(text: str) -> Any:
    """An answer without what is of the index rather than of the documents."""
    found = json.loads(text)
    parts = [found]
    if isinstance(found, dict):
        files = found.get("files")
        parts = [found, found.get("index", {}), *(files if isinstance(files, list) else ())]
    for part in parts:
        for name in _OF_THE_INDEX:
            part.pop(name, None)
    return found


def test_the_documents_and_their_kept_headers_are_the_same(places: tuple[Place, Place]) -> None:
    inside, served = (place.documents() for place in places)
    assert len(inside["instance"]) > 300
    assert inside == served


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.get("q") or next(iter(search), "everything"))
def test_searches_give_the_same_totals_hits_facets_and_pages(
    clients: tuple[httpx.Client, httpx.Client], search: dict[str, Any]
) -> None:
    pages: list[list[dict[str, Any]]] = [[], []]
    for seen, client in zip(pages, clients, strict=True):
        cursor = None
        while len(seen) < 4:
            answer = ask(client, **search, limit=7, totals="exact", cursor=cursor)
            seen.append({name: part for name, part in timeless(answer).items() if name != "generation"})
            cursor = answer["cursor"]
            if cursor is None:
                break
    assert pages[0] == pages[1]
    assert (pages[0][0]["totals"]["series"] > 0) == (search.get("q") != "nothing matches this")


@pytest.mark.parametrize("page", PAGES)
def test_other_pages_of_the_api_say_the_same(clients: tuple[httpx.Client, httpx.Client], page: str) -> None:
    answers = [client.get(page) for client in clients]
    assert [one.status_code for one in answers] == [200, 200], answers[1].text
    assert alike(answers[0].text) == alike(answers[1].text)


def test_completeness_is_the_same(clients: tuple[httpx.Client, httpx.Client]) -> None:
    asked = {"fields": ["KVP", "SliceThickness", "PatientAge"], "years": "StudyDate"}
    answers = [client.post("/api/v1/quality/completeness", json=asked) for client in clients]
    assert answers[0].json()["count"] > 100
    assert alike(answers[0].text) == alike(answers[1].text)


@pytest.mark.parametrize(
    "asked",
    [{"q": "Modality:C", "position": 10}, {"q": "manuf", "position": 5}, {"field": "Manufacturer", "prefix": "s"}],
    ids=str,
)
def test_suggestions_are_the_same(clients: tuple[httpx.Client, httpx.Client], asked: dict[str, Any]) -> None:
    answers = [client.post("/api/v1/suggest", json=asked) for client in clients]
    assert [one.status_code for one in answers] == [200, 200], answers[0].text
    assert answers[0].json()["suggestions"]
    assert alike(answers[0].text) == alike(answers[1].text)


def test_details_are_the_same(clients: tuple[httpx.Client, httpx.Client]) -> None:
    for hit in ask(clients[0], q="Modality:CT", level="instance", limit=5)["hits"]:
        uids = {
            "instances": hit["SOPInstanceUID"],
            "series": hit["SeriesInstanceUID"],
            "studies": hit["StudyInstanceUID"],
        }
        for noun, uid in uids.items():
            first, second = (client.get(f"/api/v1/{noun}/{uid}") for client in clients)
            assert first.status_code == 200
            assert alike(first.text) == alike(second.text)
        tree, other = (client.get(f"/api/v1/instances/{uids['instances']}/tree") for client in clients)
        assert alike(tree.text) == alike(other.text)


def test_exported_rows_are_the_same(places: tuple[Place, Place]) -> None:
    words = ("search", "Modality:MR", "--level", "instance", "--all", "--field", "PatientID", "--field", "EchoTime")
    words = (*words, "--sort", "-SOPInstanceUID")
    first, second = (place.command(*words) for place in places)
    assert (first.code, second.code) == (0, 0), second.err
    rows = list(csv.DictReader(io.StringIO(first.out)))
    assert len(rows) > 20
    assert rows == list(csv.DictReader(io.StringIO(second.out)))


@pytest.mark.parametrize(
    "words",
    [
        ("search", "Modality:CT", "--facet", "Manufacturer.canonical", "--histogram", "SliceThickness", "--json"),
        ("stats", "--json"),
        ("quality", "--json"),
        ("quality", "unmapped", "--json"),
        ("quarantine", "list", "--json"),
    ],
    ids=" ".join,
)
def test_commands_say_the_same(places: tuple[Place, Place], words: tuple[str, ...]) -> None:
    first, second = (place.command(*words) for place in places)
    assert (first.code, second.code) == (0, 0), second.err
    assert [alike(line) for line in first.out.splitlines()] == [alike(line) for line in second.out.splitlines()]


def test_a_second_run_finds_everything_unchanged_and_pruning_takes_out_what_is_gone(
    opensearch: Server, tmp_path: Path
) -> None:
    source = hospital(tmp_path / "archive")
    with on_server(opensearch, tmp_path / "served") as served:
        both = embedded(tmp_path / "inside"), served
        for place in both:
            place.command("index", source, "--quiet")
        again = [place.command("index", source, "--json", "--quiet").lines[-1] for place in both]
        assert again[0] | {"seconds": 0} == again[1] | {"seconds": 0}
        assert again[1]["unchanged"] == 48
        for gone in (source / "p0" / "s1").glob("*.dcm"):
            gone.unlink()
        pruned = [place.command("index", source, "--prune", "--json", "--quiet").lines[-1] for place in both]
        assert pruned[0] | {"seconds": 0} == pruned[1] | {"seconds": 0}
        assert pruned[1]["removed"] == 8
        assert both[0].documents() == both[1].documents()


def test_declared_series_are_the_same(opensearch: Server, tmp_path: Path) -> None:
    parquet = index_slice(tmp_path / "few.parquet", sample=3_000)
    with on_server(opensearch, tmp_path / "served") as served:
        both = embedded(tmp_path / "inside"), served
        said = [place.command("import", "idc", "--parquet", parquet, "--json", "--quiet") for place in both]
        assert {one.code for one in said} == {0}, said[1].err
        assert said[0].lines[-1] | {"seconds": 0} == said[1].lines[-1] | {"seconds": 0}
        assert said[1].lines[-1]["series"] == 3_000
        assert both[0].documents() == both[1].documents()
