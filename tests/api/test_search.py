import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.search.schemas import SearchAnswer
from dicomlake.documents.instance import Origin, build
from dicomlake.documents.update import Departure, apply
from dicomlake.headers import read_file
from dicomlake.lake import Lake
from tests.api.service import problem
from tests.builders import dicom_file

IDENTITY = {
    "instance": "SOPInstanceUID",
    "series": "SeriesInstanceUID",
    "study": "StudyInstanceUID",
    "patient": "patientKey",
}


def ask(client: httpx.Client, **request: Any) -> dict[str, Any]:
    response = client.post("/api/v1/search", json=request)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    SearchAnswer.model_validate(answer)
    return answer


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("took_ms", "cursor")}


def pages(client: httpx.Client, **request: Any) -> list[dict[str, Any]]:
    """Every hit of a search, page after page."""
    hits: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = ask(client, cursor=cursor, **request)
        hits += answer["hits"]
        cursor = answer["cursor"]
        if cursor is None:
            return hits
        assert answer["hits"]


def test_empty_request_finds_everything(client: httpx.Client) -> None:
    answer = ask(client)
    assert answer["totals"]["instances"] > 60
    assert len(answer["hits"]) == min(50, answer["totals"]["series"])
    assert {hit["level"] for hit in answer["hits"]} == {"series"}
    assert answer["approximate"] == []


@pytest.mark.parametrize("level", IDENTITY)
def test_each_level_has_its_hits(client: httpx.Client, level: str) -> None:
    answer = ask(client, level=level, q="Modality:CT", facets=["Modality"])
    assert answer["hits"]
    assert {hit["level"] for hit in answer["hits"]} == {level}
    assert all(hit["Modality"] == "CT" or "CT" in hit["Modality"] for hit in answer["hits"])
    counted = "instances" if level == "instance" else "series"
    assert {"value": "CT", "count": answer["totals"][counted], "selected": False} in answer["facets"]["Modality"]


@pytest.mark.parametrize("level", ["instance", "series", "study", "patient"])
@pytest.mark.parametrize("sort", [[], ["-StudyDate"], ["Modality", "-SliceThickness"]])
def test_cursors_lead_to_every_hit_once(client: httpx.Client, level: str, sort: list[str]) -> None:
    hits = pages(client, level=level, sort=sort, limit=7)
    whole = ask(client, level=level, sort=sort, limit=1_000)
    assert [timeless(hit) for hit in hits] == [timeless(hit) for hit in whole["hits"]]
    assert len(hits) == whole["totals"][{"series": "series", "study": "studies"}.get(level, level + "s")]
    if level != "patient":
        assert len({hit[IDENTITY[level]] for hit in hits}) == len(hits)


def test_facet_counts_are_what_choosing_the_value_finds(client: httpx.Client) -> None:
    for name in ("Modality", "Manufacturer.canonical", "BodyPartExamined", "SliceThickness"):
        values = ask(client, facets=[name], limit=0)["facets"][name]
        assert values
        for value in values:
            chosen = ask(client, filters={name: [value["value"]]}, facets=[name], limit=0)
            assert chosen["totals"]["series"] == value["count"]
            assert value | {"selected": True} in chosen["facets"][name]  # a facet ignores its own filter


def test_selected_values_stay_listed_with_zero(client: httpx.Client) -> None:
    answer = ask(client, q="Modality:MR", filters={"Modality": ["CT"]}, facets=["Modality"])
    assert answer["hits"] == []
    assert {"value": "CT", "count": 0, "selected": True} in answer["facets"]["Modality"]


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ({}, {}),
        ({"q": "Modality:CT", "level": "study"}, {"q": "Modality:CT", "level": "study"}),
        (
            {"filters": {"Modality": ["CT", "MR"], "BodyPartExamined": [None]}, "facets": ["Modality", "PatientSex"]},
            {"filter": ["Modality:CT", "Modality:MR", "BodyPartExamined:"], "facets": ["Modality", "PatientSex"]},
        ),
        ({"filters": {"SliceThickness": [5.0]}}, {"filter": "SliceThickness:5"}),
        ({"filters": {"StudyTime": ["072730"]}}, {"filter": "StudyTime:072730"}),
        (
            {"filters": {'(0009,"GEMS_IDEN_01",04)': ["HiSpeed CT/i"]}, "fields": ["KVP"], "level": "instance"},
            {"filter": '(0009,"GEMS_IDEN_01",04):HiSpeed CT/i', "fields": "KVP", "level": "instance"},
        ),
        (
            {
                "sort": ["-StudyDate", "Modality"],
                "limit": 3,
                "totals": "fast",
                "facets": ["Modality"],
                "facet_limit": 2,
            },
            {
                "sort": ["-StudyDate", "Modality"],
                "limit": "3",
                "totals": "fast",
                "facets": "Modality",
                "facet_limit": "2",
            },
        ),
    ],
)
def test_get_answers_as_post_does(client: httpx.Client, body: dict[str, Any], parameters: dict[str, Any]) -> None:
    posted = ask(client, **body)
    got = client.get("/api/v1/search", params=parameters).json()
    assert posted["hits"]
    assert timeless(got) == timeless(posted)
    assert (got["cursor"] is None) == (posted["cursor"] is None)


def test_get_goes_on_with_the_cursor_of_post(client: httpx.Client) -> None:
    first = ask(client, filters={"Modality": ["CT", "MR"]}, limit=2, sort=["StudyDate"])
    asked = {"filter": ["Modality:CT", "Modality:MR"], "limit": 2, "sort": "StudyDate", "cursor": first["cursor"]}
    second = client.get("/api/v1/search", params=asked).json()
    whole = ask(client, filters={"Modality": ["CT", "MR"]}, limit=4, sort=["StudyDate"])
    assert first["hits"] + second["hits"] == whole["hits"]


def test_unknown_field_is_named_with_position_and_nearest(client: httpx.Client) -> None:
    content = problem(client.post("/api/v1/search", json={"q": "CT AND Modalty:MR"}), 422, "unknown-field")
    assert content["field"] == "Modalty"
    assert content["position"] == 7
    assert "Modality" in content["nearest"]


@pytest.mark.parametrize(
    "request_",
    [{"filters": {"Modalty": ["CT"]}}, {"facets": ["Modalty"]}, {"sort": ["-Modalty"]}, {"fields": ["Modalty"]}],
)
def test_unknown_fields_are_named_wherever_they_are(client: httpx.Client, request_: dict[str, Any]) -> None:
    content = problem(client.post("/api/v1/search", json=request_), 422, "unknown-field")
    assert content["field"] == "Modalty"
    assert content["nearest"][0] == "Modality"


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("Modality:[CT TO MR]", "bad-value"),
        ("SliceThickness:thin", "bad-value"),
        ("StudyDate:[yesterday TO *]", "bad-value"),
        ("PixelData:[1 TO 2]", "bad-value"),
        ("(Modality:CT", "invalid-query"),
        ("Modality:", "invalid-query"),
        ('"open', "invalid-query"),
        ("(" * 500, "invalid-query"),
    ],
)
def test_queries_that_cannot_be_understood_are_refused(client: httpx.Client, q: str, code: str) -> None:
    content = problem(client.post("/api/v1/search", json={"q": q}), 422, code)
    assert isinstance(content["position"], int)


def test_altered_and_foreign_cursors_are_refused(client: httpx.Client) -> None:
    cursor = ask(client, limit=1)["cursor"]
    altered = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for bad in (cursor[:-2], altered, "x", "ä", "=" * 50, "A" * 1_000):
        problem(client.post("/api/v1/search", json={"limit": 1, "cursor": bad}), 422, "invalid-cursor")
    for other in ({"q": "Modality:CT"}, {"level": "study"}, {"sort": ["StudyDate"]}, {"filters": {"Modality": ["CT"]}}):
        problem(client.post("/api/v1/search", json={**other, "cursor": cursor}), 422, "invalid-cursor")


def test_unknown_members_are_named(client: httpx.Client) -> None:
    content = problem(client.post("/api/v1/search", json={"query": "CT", "facet": []}), 422, "invalid-request")
    assert [(e["location"], e["field"]) for e in content["errors"]] == [("body", "query"), ("body", "facet")]
    assert content["detail"].startswith("query: ")
    content = problem(client.get("/api/v1/search", params={"facet": "Modality"}), 422, "invalid-request")
    assert [(e["location"], e["field"]) for e in content["errors"]] == [("query", "facet")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": 1_001}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "10"}, "limit"),
        ({"limit": True}, "limit"),
        ({"facet_limit": 0}, "facet_limit"),
        ({"facet_limit": 10_001}, "facet_limit"),
        ({"level": "Series"}, "level"),
        ({"totals": "some"}, "totals"),
        ({"q": None}, "q"),
        ({"q": "x" * 10_001}, "q"),
        ({"sort": "StudyDate"}, "sort"),
        ({"sort": ["Modality"] * 4}, "sort"),
        ({"facets": ["Modality"] * 65}, "facets"),
        ({"facets": [""]}, "facets.0"),
        ({"fields": ["x" * 1_025]}, "fields.0"),
        ({"filters": ["Modality"]}, "filters"),
        ({"filters": {"Modality": "CT"}}, "filters.Modality"),
        ({"filters": {"Modality": [True]}}, "filters.Modality.0"),
        ({"filters": {"Modality": [["CT"]]}}, "filters.Modality.0"),
        ({"filters": {"Modality": ["CT", {"not": "MR"}]}}, "filters.Modality.1"),
        ({"filters": {"Rows": [2**63]}}, "filters.Rows.0"),
        ({"filters": {"Modality": ["x" * 16_385]}}, "filters.Modality.0"),
        ({"filters": {"Modality": ["x"] * 1_001}}, "filters.Modality"),
        ({"cursor": 7}, "cursor"),
    ],
)
def test_values_beyond_the_schema_name_their_field(client: httpx.Client, body: dict[str, Any], field: str) -> None:
    content = problem(client.post("/api/v1/search", json=body), 422, "invalid-request")
    assert [e["field"] for e in content["errors"]] == [field]


@pytest.mark.parametrize(
    "body", ['{"q": "\\ud800"}', '{"filters": {"\\udfff": []}}', '{"cursor": "\\ud800"}', '{"facets": ["\\ud800"]}']
)
def test_half_surrogates_are_refused(client: httpx.Client, body: str) -> None:
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    problem(response, 422, "invalid-request")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: httpx.Client, value: str) -> None:
    body = f'{{"filters": {{"SliceThickness": [{value}]}}}}'
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    problem(response, 422, "invalid-request")


@pytest.mark.parametrize("body", [b'{"q": ', b"", b"nonsense", b'{"q": "\xff"}', b"[" * 100_000, b"9" * 5_000])
def test_bodies_that_are_no_json_are_refused(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    if body:
        problem(response, 400, "malformed-json")
    else:
        problem(response, 422, "invalid-request")


def test_position_of_broken_json_is_told(client: httpx.Client) -> None:
    response = client.post("/api/v1/search", content='{"q": 1,}', headers={"Content-Type": "application/json"})
    assert problem(response, 400, "malformed-json")["position"] == 8


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_bodies_of_other_types_are_refused(client: httpx.Client, kind: str) -> None:
    response = client.post("/api/v1/search", content='{"q": "CT"}', headers={"Content-Type": kind} if kind else {})
    problem(response, 415, "unsupported-media-type")


def test_large_bodies_are_refused(client: httpx.Client) -> None:
    response = client.post(
        "/api/v1/search", content=json.dumps({"q": "x" * 2_000_000}), headers={"Content-Type": "application/json"}
    )
    problem(response, 413, "body-too-large")


def test_body_that_is_no_object_is_refused(client: httpx.Client) -> None:
    for body in ([], 3, "CT", None):
        problem(client.post("/api/v1/search", json=body), 422, "invalid-request")


@pytest.mark.parametrize("filter", ["Modality", "", ":CT", "Modality CT", '(0009,"A:B",04', "(0009,0010)CT"])
def test_filters_of_another_form_are_refused(client: httpx.Client, filter: str) -> None:
    content = problem(client.get("/api/v1/search", params={"filter": filter}), 422, "invalid-request")
    assert content["errors"][0]["field"] == "filter.0"


def test_private_names_with_colons_are_read_whole(client: httpx.Client) -> None:
    answer = client.get(
        "/api/v1/search", params={"filter": '(0009,"A:B.C",04):x:y', "facets": '(0009,"A:B.C",04)'}
    ).json()
    (facet,) = answer["facets"].values()
    assert {"value": "x:y", "count": 0, "selected": True} in facet


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
