"""What was found: columns, pages from both ends, pictures, what a header's value becomes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.ui.conftest import Page
from tests.ui.served import Served
from ui import columns, paging, pictures
from ui.client import Api, Search
from ui.search.drawer import narrowed
from ui.search.tools import exported
from ui.state import PageState
from ui.views import IDENTITY, total_of

Open = Callable[..., Page]


def test_columns_are_those_of_the_address_else_the_users_else_the_levels():
    assert columns.chosen(PageState(columns=("KVP", "KVP")), ["Modality"]) == ["KVP"]
    assert columns.chosen(PageState(), ["Modality", 7, ""]) == ["Modality"]
    for unusable in (None, [], "Modality", {"a": 1}):
        assert columns.chosen(PageState(), unusable) == columns.standard("series")


def test_a_column_is_as_wide_as_its_values_unless_somebody_drew_it_otherwise():
    assert columns.width("StudyDate") < columns.width("SeriesDescription")
    assert columns.width('(0019,"SIEMENS MR HEADER",0C)') >= columns.NARROWEST
    assert columns.width("Modality", {"Modality": 333}) == 333
    assert columns.width("Modality", {"Modality": 10**6}) == columns.WIDEST
    assert columns.width("Modality", {"Modality": True}) == columns.width("Modality", "nonsense")


def test_the_address_names_the_columns_and_the_view(lake: Served, open_page: Open):
    page = open_page(lake.api, col=["SeriesInstanceUID", "KVP", "instanceCount"], view=["gallery"])
    results = page.component("results")
    assert [column["name"] for column in results["columns"]] == ["SeriesInstanceUID", "KVP", "instanceCount"]
    assert results["view"] == "gallery"
    assert results["rows"][0]["cells"][0] == results["rows"][0]["uid"]
    assert page.parameters["view"] == ["gallery"]


@pytest.mark.parametrize("level", ["series", "instance"])
@pytest.mark.parametrize("sort", ["-StudyDate", "SliceThickness", "-bytes", "Modality", "PatientName"])
def test_pages_read_from_the_end_are_those_read_from_the_beginning(lake: Served, level: str, sort: str):
    api, identity = Api(lake.api), IDENTITY[level]
    search = Search(level=level, filters={"Modality": ["CT", "MR", "SR"]}, sort=[sort], limit=50)
    answer = api.search(replace(search, limit=1_000))
    expected = [hit[identity] for hit in answer["hits"]]
    total = total_of(level, answer["totals"])
    pages = [
        [hit[identity] for hit in paging.last_hits(api, search, page, total)] for page in range(1, -(-total // 50) + 1)
    ]
    assert [uid for page in pages for uid in page] == expected
    assert [len(page) for page in pages[:-1]] == [50] * (len(pages) - 1)


def test_pages_that_are_far_from_both_ends_give_way_to_the_nearest():
    total = 1_000_000
    assert paging.reachable("series", 3, total) == 3
    assert paging.reachable("series", 999_999, total) == 20_000
    assert paging.reachable("series", 9_000, total) == 400
    assert paging.reachable("series", 12_000, total) == 19_600
    assert paging.reachable("study", 20_000, total) == 400
    assert paging.from_end("series", 20_000, total)
    assert not paging.from_end("study", 20_000, total)


def test_the_hits_of_every_level_have_pictures_or_the_reason_why_not(lake: Served, open_page: Open):
    for level in ("series", "study", "patient", "instance"):
        page = open_page(lake.api, level=[level])
        links = page.component("thumbnails")["links"]
        wanted = {row["picture"] for row in page.component("results")["rows"] if row["picture"]}
        assert wanted <= links.keys(), level
        assert any("url" in link for link in links.values())
        assert all(("url" in link) != ("none" in link) for link in links.values())


def test_frames_around_a_place_are_found_over_instances_of_several():
    images = [{"instance": "a", "frames": 1}, {"instance": "b", "frames": 1_000}, {"instance": "c", "frames": 2}]
    listing = {"images": images, "thumbnail": 1}
    part = pictures.part(listing, 1_001)
    assert part[-2:] == [("c", 0), ("c", 1)]
    assert len(part) == pictures.AROUND + 2
    assert pictures.part(listing, 0)[:2] == [("a", 0), ("b", 0)]
    assert pictures.start(listing, {"instance": "c", "opened": "instance:c"}) == 1_001
    assert pictures.start(listing, {"instance": "a", "opened": "series:s"}) == 501


def test_a_value_becomes_a_filter_or_an_exclusion_and_never_both():
    state = PageState(q="lung", filters={"KVP": ("100", "120")}, page=4)
    only = narrowed(state, "KVP", "120")
    assert (only.q, only.filters, only.exclude, only.page) == ("lung", {"KVP": ("120",)}, {}, 1)
    without = narrowed(only, "KVP", "120", without=True)
    assert (without.filters, without.exclude) == ({}, {"KVP": ("120",)})
    assert narrowed(without, "KVP", "140", without=True).exclude == {"KVP": ("120", "140")}
    assert narrowed(without, "KVP", "120").exclude == {}


def test_a_file_has_identities_first_and_raw_beside_canonical_values():
    assert exported("study", ["Manufacturer.canonical", "seriesCount"]) == [
        "StudyInstanceUID",
        "Manufacturer.canonical",
        "Manufacturer",
        "seriesCount",
    ]
