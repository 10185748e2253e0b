"""The page over a real API: what the address says is what is shown, and the API's numbers are the page's."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.service import REAL_FILES, Service
from tests.lake.places import on_server
from tests.ui.conftest import Page
from tests.ui.served import Served
from tools.opensearch import Server
from ui import facets
from ui.views import ROWS

Open = Callable[..., Page]


def texts(numbers: dict[str, int]) -> dict[str, str]:
    return {name.capitalize(): f"{number:,}" for name, number in numbers.items() if name != "bytes"}


def test_the_first_page_shows_the_whole_lake(lake: Served, open_page: Open):
    page = open_page(lake.api)
    counted, measured = facets.asked(None)
    answer = lake.search(facets=counted, histograms=measured, facet_limit=facets.LISTED, sort=["-StudyDate"])
    assert texts(answer["totals"]).items() <= page.numbers().items()
    for field, counts in answer["facets"].items():
        assert page.card(field) == {entry["value"]: entry["count"] for entry in counts}
    for field, histogram in answer["histograms"].items():
        assert page.bars(field) == [one["count"] for one in histogram["bins"]]
    shown = [row["id"] for row in page.component("results")["rows"]]
    assert shown == [f"series:{hit['SeriesInstanceUID']}" for hit in answer["hits"]]
    assert page.chips() == []
    assert page.parameters == {}


def test_the_query_of_an_address_narrows_everything(lake: Served, open_page: Open):
    page = open_page(lake.api, q=["Modality:CT"])
    assert texts(lake.search(q="Modality:CT", limit=0)["totals"]).items() <= page.numbers().items()
    assert page.chips() == [("Query", "Modality:CT")]
    assert set(page.card("Modality")) == {"CT"}


def test_filters_or_within_a_field_and_and_across(lake: Served, open_page: Open):
    page = open_page(lake.api, f=["Modality:CT", "Modality:MR", "Manufacturer.canonical:GE HealthCare"])
    filters = {"Modality": ["CT", "MR"], "Manufacturer.canonical": ["GE HealthCare"]}
    answer = lake.search(filters=filters, facets=["Modality"], limit=0)
    assert texts(answer["totals"]).items() <= page.numbers().items()
    assert page.card("Modality") == {entry["value"]: entry["count"] for entry in answer["facets"]["Modality"]}
    assert page.chips() == [("Modality", "CT"), ("Modality", "MR"), ("Manufacturer", "GE HealthCare")]


def test_missing_is_a_value(lake: Served, open_page: Open):
    page = open_page(lake.api, f=["BodyPartExamined.canonical:"])
    missing = lake.counted("BodyPartExamined.canonical")[None]
    assert page.numbers()["Series"] == f"{missing:,}"
    assert page.chips() == [("Body part", "no value")]
    assert None in page.card("BodyPartExamined.canonical")


def test_selected_values_stay_listed_with_zero(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT", f=["Modality:MR"])
    assert page.card("Modality") == {"CT": lake.search(q="Modality:CT", limit=0)["totals"]["series"], "MR": 0}


@pytest.mark.parametrize("level", ["study", "patient", "instance"])
def test_every_level_has_its_hits(lake: Served, open_page: Open, level: str):
    page = open_page(lake.api, level=[level])
    total = lake.search(level=level, limit=0)["totals"]
    plural = {"study": "studies", "patient": "patients", "instance": "instances"}[level]
    results = page.component("results")
    assert f"of {total[plural]:,} {plural}" in results["range"]
    assert len(results["rows"]) == min(ROWS, total[plural])


def test_the_level_switch_keeps_the_search(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT", sort=["SeriesNumber"])
    page.send("conditions", "level", "study")
    assert page.parameters == {"v": ["1"], "q": ["Modality:CT"], "level": ["study"]}


def test_the_order_is_the_servers(lake: Served, open_page: Open):
    page = open_page(lake.api, sort=["bytes"])
    expected = lake.search(sort=["bytes"])["hits"]
    assert [row["id"] for row in page.component("results")["rows"]] == [
        f"series:{hit['SeriesInstanceUID']}" for hit in expected
    ]
    sorted_ = {column["name"]: column["sorted"] for column in page.component("results")["columns"] if column["sorted"]}
    assert sorted_ == {"bytes": "ascending"}


def test_pages_follow_each_other_without_gap_in_any_order_of_visits(lake: Served, open_page: Open):
    hits = lake.search(level="instance", sort=["-StudyDate"], limit=1_000)["hits"]
    expected = [f"instance:{hit['SOPInstanceUID']}" for hit in hits]
    page = open_page(lake.api, level=["instance"], page=["3"])
    for number in (3, 1, 2, 4):
        page.at(level=["instance"], page=[str(number)])
        shown = [row["id"] for row in page.component("results")["rows"]]
        assert shown == expected[(number - 1) * ROWS : number * ROWS]


def test_a_page_behind_the_last_is_the_last(lake: Served, open_page: Open):
    results = open_page(lake.api, page=["9999"]).component("results")
    assert results["page"] == results["pages"]
    assert results["rows"]
    assert results["range"].startswith(f"{(results['pages'] - 1) * ROWS + 1:,}–")


def test_back_and_forward_restore_the_query_and_the_level(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT", level=["study"])
    page.at(q=["Modality:MR"])
    assert page.component("bar")["q"] == "Modality:MR"
    assert page.level == "series"
    page.at(q=["Modality:CT"], level=["study"])
    assert page.component("bar")["q"] == "Modality:CT"
    assert page.level == "study"


def test_an_unknown_field_is_pointed_at_in_the_query(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT AND Modalty:<b>", f=["Modality:CT"])
    problem = page.component("bar")["problem"]
    assert problem["q"][problem["start"] : problem["end"]] == "Modalty"
    assert "Modalty" in problem["detail"]
    assert problem["fixes"][0] == {"label": "Modality", "q": "Modality:CT AND Modality:<b>"}
    assert page.component("results") is None
    assert page.chips() == [("Query", "Modality:CT"), ("Query", "Modalty:[* TO b>}"), ("Modality", "CT")]


def test_a_link_that_cannot_be_read_offers_a_new_start(lake: Served, open_page: Open):
    page = open_page(lake.api, level=["galaxy"])
    assert "This link cannot be read" in page.words()
    page.test.button(key="anew").click().run()
    assert page.parameters == {}
    assert page.component("results")["rows"]


def test_no_hit_says_which_condition_to_drop_and_what_that_gives(lake: Served, open_page: Open):
    page = open_page(lake.api, q="unobtainium", f=["Modality:CT"])
    assert "No series match" in page.words()
    (gain,) = page.component("suggestions")["items"]
    assert (gain["value"], gain["gain"]) == ("unobtainium", f"{lake.counted('Modality')['CT']} series")


def test_an_open_series_shows_the_header_of_its_first_instance(lake: Served, open_page: Open):
    hit = lake.search(q="Modality:CT AND instanceCount:[2 TO *]", limit=1)["hits"][0]
    page = open_page(lake.api, open=[f"series:{hit['SeriesInstanceUID']}"])
    detail = page.component("detail")
    assert detail["kind"] == "Series"
    assert detail["header"]["place"]["text"] == f"Instance 1 of {hit['instanceCount']}"
    keys = {node["key"]: node for node in detail["header"]["nodes"]}
    assert keys["Modality"]["value"] == "CT"
    second = page.at(open=[detail["header"]["place"]["next"]]).component("detail")
    assert second["header"]["place"]["text"] == f"Instance 2 of {hit['instanceCount']}"


def test_an_open_study_lists_its_series_and_an_open_patient_the_studies(lake: Served, open_page: Open):
    study = lake.search(level="study", q="Modality:CT", limit=1)["hits"][0]
    detail = open_page(lake.api, level=["study"], open=[f"study:{study['StudyInstanceUID']}"]).component("detail")
    ids = [item["id"] for item in detail["list"]["items"]]
    assert ids
    assert all(id.startswith("series:") for id in ids)
    patient = study["PatientID"]
    detail = open_page(lake.api, level=["patient"], open=[f"patient:{patient}"]).component("detail")
    assert f"study:{study['StudyInstanceUID']}" in [item["id"] for item in detail["list"]["items"]]


def test_an_open_hit_that_is_gone_says_so(lake: Served, open_page: Open):
    detail = open_page(lake.api, open=["series:1.2.3.4.5.6"]).component("detail")
    assert detail["title"] == "Not found"
    assert "1.2.3.4.5.6" in detail["note"]


def test_an_empty_lake_says_how_to_fill_it(empty_lake: Served, open_page: Open):
    page = open_page(empty_lake.api)
    assert "This lake is empty" in page.words()
    assert "dicomlake index" in page.test.code[0].value


def test_a_server_that_is_away_is_named_and_asked_again(lake: Served, open_page: Open, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    page = open_page(closed, q="Modality:CT")
    assert "does not answer" in page.words()
    assert closed in page.words()
    assert page.chips() == [("Query", "Modality:CT")]
    monkeypatch.setenv("DICOMLAKE_API_URL", lake.api)
    page.test.button(key="again").click().run()
    assert page.component("results")["rows"]


def test_a_search_server_that_is_away_is_said_in_words_and_the_page_comes_back(
    open_page: Open, opensearch: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with on_server(opensearch, tmp_path / "lake") as place:
        place.command("index", REAL_FILES / "CT_small.dcm", "--quiet")
        nowhere = replace(place.choice, urls=("http://127.0.0.1:9",))
        with Service(place.data, choice=nowhere) as cut_off, Service(place.data, choice=place.choice) as whole:
            page = open_page(cut_off.url, q="Modality:CT")
            assert "The search server does not answer" in page.words()
            assert "127.0.0.1:9<" not in page.words()
            assert page.chips() == [("Query", "Modality:CT")]
            monkeypatch.setenv("DICOMLAKE_API_URL", whole.url)
            page.test.button(key="again").click().run()
            assert len(page.component("results")["rows"]) == 1


def test_an_excluded_value_of_a_link_is_in_force_and_can_be_dropped(lake: Served, open_page: Open):
    page = open_page(lake.api, x=["Modality:CT"])
    answer = lake.search(exclude={"Modality": ["CT"]}, facets=["Modality"], limit=0)
    assert texts(answer["totals"]).items() <= page.numbers().items()
    assert page.chips() == [("Not Modality", "CT")]
    assert page.card("Modality") == {entry["value"]: entry["count"] for entry in answer["facets"]["Modality"]}
    assert page.parameters["x"] == ["Modality:CT"]


def test_ranges_narrow_are_chips_and_stay_in_the_rail(lake: Served, open_page: Open):
    page = open_page(lake.api, r=["SliceThickness:0..1.5", "PatientAge:60.."], x=["Modality:SR"])
    ranges = {"SliceThickness": [{"min": 0, "max": 1.5}], "PatientAge": [{"min": 60}]}
    answer = lake.search(ranges=ranges, exclude={"Modality": ["SR"]}, histograms=["SliceThickness"], limit=0)
    assert answer["totals"]["series"] > 0
    assert texts(answer["totals"]).items() <= page.numbers().items()
    assert page.chips() == [("Slice thickness", "0 – 1.5 mm"), ("Age", "from 60 y"), ("Not Modality", "SR")]
    assert page.bars("SliceThickness") == [one["count"] for one in answer["histograms"]["SliceThickness"]["bins"]]


def test_a_folded_card_is_not_asked_for(lake: Served, open_page: Open):
    cards = {card["field"]: card for card in open_page(lake.api).component("facets")["cards"]}
    assert cards["bytes"]["folded"]
    assert cards["bytes"]["bins"] == []
    assert not cards["StudyDate"]["folded"]
