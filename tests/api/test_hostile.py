"""Whatever is sent, the answer is an answer or a problem of the client's."""

import json
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from(
    [
        "Modality",
        "SliceThickness",
        "StudyDate",
        "StudyTime",
        "PatientName",
        "PixelSpacing",
        "SOPInstanceUID",
        "Manufacturer.canonical",
        "Manufacturer.rule",
        "PixelData",
        "RequestAttributesSequence",
        "RequestAttributesSequence.RequestedProcedureID",
        '(0009,"GEMS_IDEN_01",04)',
        '(0009,"",1004)',
        "(0009,0010)",
        "(0008,0060)",
        "00080060",
        "instanceCount",
        "quality.code",
        "_exists_",
    ]
)
SYNTAX = st.sampled_from(':[]{}()-+*?"\\<>=~^/') | st.sampled_from([" TO ", " AND ", " OR ", " NOT "])
LITERALS = ["2019", "2019-02-30", "10:00", "1e400", "-0", "0x1", "NaN", "CT", "García", "İ", "\0", "\u202e", "𝔘"]
PIECES = st.one_of(NAMES, SYNTAX, st.sampled_from(LITERALS), st.text(max_size=8))
TEXTS = st.lists(PIECES, max_size=12).map("".join)
FIELDS = st.one_of(NAMES, TEXTS)
VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), TEXTS, st.lists(TEXTS, max_size=1))
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "q": TEXTS,
        "level": st.sampled_from(["instance", "series", "study", "patient", "image"]),
        "filters": st.dictionaries(FIELDS, st.lists(VALUES, max_size=3), max_size=3),
        "facets": st.lists(FIELDS, max_size=3),
        "sort": st.lists(st.tuples(st.sampled_from(["", "-", "--"]), FIELDS).map("".join), max_size=3),
        "limit": st.integers(-1, 60),
        "facet_limit": st.integers(0, 20),
        "fields": st.lists(FIELDS, max_size=3),
        "cursor": st.one_of(st.none(), TEXTS),
    },
)
PATIENT = settings(max_examples=100, deadline=None)


def is_fair(response: httpx.Response) -> None:
    assert response.status_code in (200, 400, 404, 422), response.text


@PATIENT
@given(REQUESTS)
def test_any_search_is_answered_or_refused(client: httpx.Client, request: dict[str, Any]) -> None:
    body = json.dumps(request)  # as Python writes it: NaN too
    is_fair(client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"}))
    filters = request.pop("filters", {})
    request["filter"] = [f"{name}:{value}" for name, values in filters.items() for value in values]
    parameters = {name: value for name, value in request.items() if value is not None}
    is_fair(client.get("/api/v1/search", params=parameters))


@PATIENT
@given(FIELDS, TEXTS, TEXTS)
def test_any_facet_is_answered_or_refused(client: httpx.Client, field: str, q: str, contains: str) -> None:
    is_fair(client.get(f"/api/v1/facets/{quote(field, safe='')}", params={"q": q, "contains": contains}))


@PATIENT
@given(st.sampled_from(["studies", "series", "instances"]), TEXTS.filter(bool))
def test_any_uid_is_answered_or_refused(client: httpx.Client, noun: str, uid: str) -> None:
    is_fair(client.get(f"/api/v1/{noun}/{quote(uid, safe='')}"))
