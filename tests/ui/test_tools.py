"""The row above the hits: what is kept there, where it leads to, and what is sent of its chooser of columns."""

from collections.abc import Callable

from tests.ui.conftest import Page
from tests.ui.served import Served

Open = Callable[..., Page]


def test_a_search_is_kept_under_its_name_without_page_and_open_hit(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT", page=["2"])
    page.send("tools", "save", {"name": " All CT ", "shared": True})
    assert page.test.toast[0].value == "Saved as All CT"
    kept = next(one for one in lake.searches() if one["name"] == "All CT")
    lake.forget(kept["id"])
    assert kept["shared"]
    assert kept["state"] == "v=1&q=Modality%3ACT"
    assert page.parameters["page"] == ["2"]


def test_without_a_name_nothing_is_kept(lake: Served, open_page: Open):
    before = lake.searches()
    page = open_page(lake.api).send("tools", "save", {"name": "  ", "shared": False})
    assert page.test.toast[0].value == "Give it a name first"
    assert lake.searches() == before


def test_the_row_leads_to_the_quality_of_what_was_found(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT", page=["1"])
    page.send("tools", "visit", "quality")
    assert page.component("scope")["items"][0]["value"] == "Modality:CT"
    assert page.parameters == {"q": ["Modality:CT"]}


def test_the_row_leads_to_what_was_saved(lake: Served, open_page: Open):
    page = open_page(lake.api, q="Modality:CT").send("tools", "visit", "saved")
    assert page.component("results") is None
    assert page.parameters == {}


def test_columns_to_choose_from_are_sent_when_somebody_looks_for_them(lake: Served, open_page: Open):
    page = open_page(lake.api)
    assert page.component("tools")["found"] is None
    offered = page.send("tools", "find", "").component("tools")["found"]
    assert offered["wanted"] == ""
    assert len(offered["options"]) > 10
    found = page.send("tools", "find", "KVP").component("tools")["found"]
    assert (found["wanted"], found["options"][0]["name"]) == ("KVP", "KVP")
    assert page.run().component("tools")["found"] is None
