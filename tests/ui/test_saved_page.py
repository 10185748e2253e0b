"""The page Saved over a real API: what is kept is listed, and two searches are compared by the API's numbers."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from tests.ui.pages import opened, painted, words
from tests.ui.served import Served
from ui.client import lake as api
from ui.launch import API_URL
from ui.saved import data
from ui.state import PageState


def script() -> None:
    from ui.saved.page import main  # noqa: PLC0415

    main()


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, lake: Served) -> Iterator[dict[str, str]]:
    """Two saved searches: their ids by name."""
    monkeypatch.setenv(API_URL, lake.api)
    kept = {"CT": "v=1&f=Modality%3ACT", "Others": "v=1&x=Modality%3ACT&q=StudyDate%3A%5B2000+TO+2030%5D"}
    ids = {name: api().keep(text, name)["id"] for name, text in kept.items()}
    yield ids
    for id in ids.values():
        api().forget(id)


def test_nothing_is_saved_yet(monkeypatch: pytest.MonkeyPatch, empty_lake: Served) -> None:
    monkeypatch.setenv(API_URL, empty_lake.api)
    assert "No search is saved yet" in words(opened(script))


def test_what_is_saved_is_listed_in_words(saved: dict[str, str]) -> None:
    listed = {one["name"]: one for one in painted(opened(script), "saved")["searches"]}
    assert set(listed) == set(saved)
    assert {"label": "Modality", "value": "CT"} in listed["CT"]["conditions"]
    assert {"label": "Not Modality", "value": "CT"} in listed["Others"]["conditions"]


def test_two_are_compared(saved: dict[str, str], lake: Served) -> None:
    compared = painted(opened(script, compare=[saved["CT"], saved["Others"]]), "compared")
    totals = {one["label"]: one["numbers"] for one in compared["totals"]}
    queries = [{"filters": {"Modality": ["CT"]}}, {"exclude": {"Modality": ["CT"]}, "q": "StudyDate:[2000 TO 2030]"}]
    answers = [lake.search(**asked, limit=0, facets=["PatientSex.canonical"]) for asked in queries]
    assert totals["Series"] == [f"{answer['totals']['series']:,}" for answer in answers]
    fields = {one["label"]: one["values"] for one in compared["fields"]}
    assert [value["label"] for value in fields["Modality"] if value["percents"][0]] == ["CT"]
    assert "CT" not in [value["label"] for value in fields["Modality"] if value["percents"][1]]
    for value in fields["Sex"]:
        for side, answer in enumerate(answers):
            counts = {str(one["value"] or "no value"): one["count"] for one in answer["facets"]["PatientSex.canonical"]}
            assert value["counts"][side] == f"{counts.get(value['label'], 0):,}"
    years = [value["label"] for value in fields["Year of study"]]
    assert years == sorted(years)


def test_a_search_that_is_gone_says_so(saved: dict[str, str]) -> None:
    assert "This saved search is gone" in words(opened(script, compare=[saved["CT"], "0" * 32]))


def test_what_is_kept_comes_back_as_it_was() -> None:
    state = PageState("lung", "study", {"Modality": ("CT", None)}, ("-StudyDate",), columns=("KVP",))
    text = "v=1&q=lung&level=study&f=Modality:CT&f=Modality:&sort=-StudyDate&col=KVP"
    assert parse_qs(text, keep_blank_values=True) == state.parameters()
    assert data.state_of({"state": text}) == state
