"""Addresses: what names people is kept by the API, and the address says an id alone."""

import socket
from collections.abc import Callable

import pytest

from tests.ui.conftest import Page
from tests.ui.served import Served
from ui.search.address import private
from ui.state import Bounds, PageState, parse_open

Open = Callable[..., Page]


@pytest.mark.parametrize(
    ("state", "named"),
    [
        (PageState(), False),
        (PageState(q="Modality:CT AND SliceThickness:[0 TO 1]", filters={"Manufacturer.canonical": ("X",)}), False),
        (PageState(open=parse_open("series:1.2.3"), sort=("PatientID",)), False),
        (PageState(open=parse_open("patient:7")), True),
        (PageState(q="doe"), True),
        (PageState(exclude={"PatientID": ("7",)}), True),
        (PageState(ranges={"PatientBirthDate": (Bounds("1950", None),)}), True),
    ],
)
def test_what_names_a_person(state: PageState, named: bool):
    assert private(state) is named


def test_an_id_stands_for_a_search_about_people_in_any_session(lake: Served, open_page: Open):
    page = open_page(lake.api, q=["PatientName:*"])
    page.send("conditions", "level", "study")
    (id,) = page.parameters["s"]
    assert set(page.parameters) == {"s"}
    other = open_page(lake.api, s=[id], page=["1"])
    assert other.component("bar")["q"] == "PatientName:*"
    assert other.level == "study"


def test_what_stands_beside_an_id_cannot_add_to_the_search(lake: Served, open_page: Open):
    page = open_page(lake.api, q=["PatientName:*"])
    page.send("conditions", "level", "study")
    other = open_page(lake.api, s=page.parameters["s"], q=["Modality:CT"])
    assert other.component("bar")["q"] == "PatientName:*"


def test_an_id_that_nobody_knows_is_told(lake: Served, open_page: Open):
    assert "no longer" in open_page(lake.api, s=["0" * 32]).words()


def test_without_a_place_to_keep_it_a_search_about_people_is_refused_in_words(
    lake: Served, open_page: Open, monkeypatch: pytest.MonkeyPatch
):
    page = open_page(lake.api, q=["PatientName:*"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("DICOMLAKE_API_URL", closed)
    page.send("conditions", "level", "study")
    assert page.parameters == {"q": ["PatientName:*"]}
    assert "may name a person" in page.test.toast[0].value
