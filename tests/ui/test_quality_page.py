"""The page Quality over a real API: its numbers are the API's, its cells lead to the searches behind them."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui import pages
from tests.ui.pages import data_of, painted
from tests.ui.served import Served
from ui.labels import page as chosen
from ui.launch import API_URL
from ui.quality import data
from ui.quality.address import QualityState
from ui.state import PageState

Open = Callable[..., AppTest]


def script() -> None:
    from ui.quality.page import main  # noqa: PLC0415

    main()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, lake: Served) -> Open:
    monkeypatch.setenv(API_URL, lake.api)
    return lambda **parameters: pages.opened(script, **parameters)


def test_codes_are_those_of_the_api(lake: Served, opened: Open) -> None:
    listed = painted(opened(), "codes")["codes"]
    counted = {
        entry["value"]: entry["count"] for entry in lake.search(facets=["quality"], limit=0)["facets"]["quality"]
    }
    counted.pop(None, None)
    assert listed
    assert {one["code"] for one in listed} == set(counted)
    for one in listed:
        assert one["counts"].endswith(f"{counted[one['code']]:,} series")


def test_codes_of_a_search(opened: Open) -> None:
    everything, some = painted(opened(), "codes"), painted(opened(f=["Modality:CT"]), "codes")
    assert {one["code"] for one in some["codes"]} < {one["code"] for one in everything["codes"]}


def test_a_cell_is_a_share_and_leads_to_those_without(lake: Served, opened: Open) -> None:
    test = opened(tab=["completeness"], f=["Modality:CT"])
    heat = painted(test, "heat")
    assert [row["name"] for row in heat["rows"]] == chosen()["completeness"]
    answer = test.session_state["matrix"]
    within = PageState(filters={"Modality": ("CT",)})
    for number, row in enumerate(heat["rows"]):
        for place, cell in enumerate(row["cells"][1:]):
            behind = data.search_behind(answer, within, cell["id"])
            assert cell["id"] == f"{number}:{place}"
            assert behind is not None
            filters = {path: list(values) for path, values in behind.filters.items()}
            without = lake.search(filters=filters, limit=0)["totals"]["series"]
            total = answer["columns"][place]["count"]
            assert cell["percent"] == pytest.approx(100 * (total - without) / total)


def test_a_field_by_year(lake: Served, opened: Open) -> None:
    test = opened(tab=["completeness"], of=["BodyPartExamined"])
    heat, answer = painted(test, "heat"), test.session_state["matrix"]
    assert [column["label"] for column in heat["columns"]] == [str(year) for year in answer["years"]]
    cells = [cell for row in heat["rows"] for cell in row["cells"] if cell["percent"] not in (None, 100)]
    assert cells
    behind = data.search_behind(answer, PageState(), cells[0]["id"])
    assert behind is not None
    filters = {path: list(values) for path, values in behind.filters.items()}
    assert lake.search(q=behind.q, filters=filters, limit=0)["totals"]["series"] > 0
    assert data.search_behind(answer, PageState(), "nonsense") is None


def test_values_without_a_rule_come_with_a_file_to_edit(opened: Open) -> None:
    test = opened(tab=["values"])
    tables = [data_of(one.proto.json) for one in test.get("bidi_component")]
    assert all(table["rows"] for table in tables)
    assert test.get("download_button") or not tables


def test_the_address_holds_it_all() -> None:
    state = QualityState("completeness", ("KVP",), "Modality", "KVP", PageState("lung", filters={"Modality": ("CT",)}))
    assert QualityState.parse(state.parameters()) == state
    assert QualityState.parse({}) == QualityState()
    assert QualityState().parameters() == {}


def test_an_example_without_words_has_its_place_alone() -> None:
    example = {"SOPInstanceUID": "1.2", "path": "SeriesInstanceUID", "detail": "", "location": "/a"}
    listed = {"code": "no-series-uid", "title": "x", "description": "x", "standard": "x", "instances": 1, "series": 1}

    def where(**changes: str) -> str:
        answer = {"codes": [{**listed, "example": {**example, **changes}}]}
        return str(data.codes(answer)["codes"][0]["example"]["where"])

    assert where() == "SeriesInstanceUID"
    assert where(detail="2 more") == "SeriesInstanceUID: 2 more"
    assert where(path="", detail="2 more") == "2 more"
