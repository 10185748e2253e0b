"""What was found, in a real browser: table, gallery, columns, ticks, download, pictures, the menu of a value."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Tab

HEADS = ".st-key-results th .sort"


def rows(tab: Tab) -> Locator:
    return tab.page.locator(".st-key-results tbody tr")


def heads(tab: Tab) -> list[str]:
    return [text.strip() for text in tab.page.locator(HEADS).all_inner_texts()]


@pytest.fixture
def scrolled(tab: Tab) -> str:
    """A CT series of several images, each a file at hand."""
    found = tab.lake.search(q="Modality:CT AND instanceCount:[5 TO *]", sort=["-instanceCount"], limit=50)["hits"]
    for hit in found:
        listing = httpx.get(f"{tab.lake.api}/api/v1/images/series/{hit['SeriesInstanceUID']}", timeout=60).json()
        if len(listing["images"]) > 4 and not listing["none"]:
            return str(hit["SeriesInstanceUID"])
    raise AssertionError("the sample archive has no CT series to scroll through")


def test_any_attribute_becomes_a_column_that_moves_and_stays_for_the_user(tab: Tab, new_tab: Callable[..., Tab]):
    tab.open()
    columns = tab.page.get_by_role("button", name="Columns")
    columns.click()
    chooser = tab.page.locator(".chooser")
    chooser.get_by_role("searchbox").fill("kvp")
    chooser.get_by_role("button", name="Add KVP", exact=True).click()
    expect(tab.page.locator(HEADS).last).to_contain_text("kV")
    expect(chooser).to_be_visible()
    label = heads(tab)[-1]
    tab.page.keyboard.press("Escape")
    head = tab.page.locator(HEADS).last
    head.focus()
    tab.page.keyboard.press("Alt+Shift+ArrowLeft")
    expect(tab.page.locator(HEADS).nth(-2)).to_have_text(label)
    expect(tab.page.locator(HEADS).nth(-2)).to_be_focused()
    fresh = new_tab().open()
    expect(fresh.page.locator(HEADS).nth(-2)).to_have_text(label)
    columns.click()
    tab.page.get_by_role("button", name="Reset", exact=True).click()
    expect(tab.page.locator(HEADS).filter(has_text=label)).to_have_count(0)
    expect(new_tab().open().page.locator(HEADS).filter(has_text=label)).to_have_count(0)


def test_a_column_is_dragged_to_another_place(tab: Tab):
    tab.open()
    before = heads(tab)
    columns = tab.page.locator(".st-key-results th[draggable=true]")
    columns.nth(2).drag_to(columns.nth(1))
    expect(tab.page.locator(HEADS).nth(1)).to_have_text(before[2])
    assert heads(tab) == [before[0], before[2], before[1], *before[3:]]
    tab.page.get_by_role("button", name="Columns").click()
    tab.page.get_by_role("button", name="Reset", exact=True).click()
    expect(tab.page.locator(HEADS).nth(1)).to_have_text(before[1])


def test_the_hit_behind_the_last_of_a_page_is_the_first_of_the_next(tab: Tab):
    tab.open()
    rows(tab).last.locator(".name").click()
    detail, page = tab.page.locator(".st-key-detail"), tab.page.locator(".st-key-results .foot [aria-current=page]")
    expect(detail).to_contain_text("50 of ")
    tab.page.get_by_role("button", name="Next hit").click()
    expect(page).to_have_text("2")
    expect(detail).to_contain_text("51 of ")
    expect(rows(tab).first).to_have_attribute("aria-current", "true")
    tab.page.get_by_role("button", name="Previous hit").click()
    expect(page).to_have_text("1")
    expect(detail).to_contain_text("50 of ")
    expect(rows(tab).last).to_have_attribute("aria-current", "true")


def test_rows_are_ticked_in_ranges_apart_from_what_is_open_and_become_a_file(tab: Tab):
    tab.open()
    boxes = rows(tab).get_by_role("checkbox")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    foot = tab.page.locator(".st-key-results .foot")
    expect(foot).to_contain_text("4 selected")
    expect(tab.page.locator(".st-key-detail")).to_have_count(0)
    tab.page.get_by_role("button", name="Next page").click()
    expect(tab.page.locator(".st-key-results .foot [aria-current=page]")).to_have_text("2")
    expect(foot).to_contain_text("4 selected")
    with tab.page.expect_download() as download:
        foot.get_by_role("button", name="CSV of these").click()
    assert "?" not in download.value.url
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(table) == 4
    foot.get_by_role("button", name="Show only these").click()
    expect(rows(tab)).to_have_count(4)
    assert {row["SeriesInstanceUID"] for row in table} == {
        (id or "").partition(":")[2] for id in rows(tab).evaluate_all("rows => rows.map(row => row.dataset.id)")
    }


def test_all_hits_are_a_file_with_the_columns_of_the_table(tab: Tab):
    tab.open(f"{tab.lake.page}/?f=Modality:CT&sort=bytes&col=SeriesInstanceUID&col=KVP")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="CSV", exact=True).click()
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    asked = {
        "filters": {"Modality": ["CT"]},
        "sort": ["bytes"],
        "fields": ["SeriesInstanceUID", "StudyInstanceUID", "KVP"],
    }
    expected = httpx.post(f"{tab.lake.api}/api/v1/export", json=asked, timeout=60).text
    assert table == list(csv.DictReader(io.StringIO(expected.removeprefix("\ufeff"))))


def test_hits_have_pictures_and_those_without_say_why(tab: Tab):
    tab.open()
    shown = rows(tab).locator(".thumb.developed img")
    expect(shown.first).to_be_visible()
    assert shown.first.evaluate("image => image.naturalWidth") > 32
    none = tab.page.locator('.st-key-results .thumb[title*="structured report"]').first
    expect(none).to_contain_text("SR")


def test_the_gallery_shows_the_same_hits_and_opens_them_by_keyboard(tab: Tab):
    tab.open()
    ids = rows(tab).evaluate_all("rows => rows.map(row => row.dataset.id)")
    tab.page.get_by_role("radio", name="Gallery").check(force=True)
    cards = tab.page.locator(".st-key-results .card")
    expect(cards.first).to_be_visible()
    assert cards.evaluate_all("cards => cards.map(card => card.dataset.id)") == ids
    assert tab.parameters()["view"] == ["gallery"]
    expect(cards.locator(".thumb.developed").first).to_be_visible()
    cards.first.locator(".show").focus()
    tab.page.keyboard.press("ArrowRight")
    expect(cards.nth(1).locator(".show")).to_be_focused()
    tab.page.keyboard.press("Enter")
    heading = tab.page.locator(".st-key-detail").get_by_role("heading", level=2)
    expect(heading).to_be_focused()
    assert tab.parameters()["open"] == [ids[1]]
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(".st-key-detail")).to_have_count(0)
    expect(cards.nth(1).locator(".show")).to_be_focused()


def test_images_are_scrolled_and_windowed(tab: Tab, scrolled: str):
    tab.open(f"{tab.lake.page}/?open=series:{scrolled}")
    detail = tab.page.locator(".st-key-detail")
    stage = detail.locator(".stage")
    picture = stage.locator("img")
    expect(picture).to_have_js_property("complete", True)
    expect(stage.locator(".corner.a")).to_have_text(re.compile(r"^\d+ / \d+$"))
    at = int(stage.locator(".corner.a").inner_text().split(" / ")[0])
    first = picture.get_attribute("src") or ""
    stage.focus()
    tab.page.keyboard.press("ArrowDown")
    expect(stage.locator(".corner.a")).to_have_text(re.compile(rf"^{at + 1} / "))
    expect(picture).not_to_have_attribute("src", first)
    detail.get_by_label("Window", exact=True).select_option("ct-lung")
    expect(picture).to_have_attribute("src", re.compile("window=ct-lung"))
    expect(stage.locator(".corner.c")).to_contain_text("W 1,500")
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x - 120, y, steps=6)
    tab.page.mouse.up()
    expect(picture).to_have_attribute("src", re.compile(r"window=-600(\.0)?%2C"))
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_value_of_the_header_becomes_a_filter_an_exclusion_and_a_column(tab: Tab, scrolled: str):
    tab.open(f"{tab.lake.page}/?open=series:{scrolled}")
    detail = tab.page.locator(".st-key-detail")
    find = detail.get_by_role("searchbox", name="Search in the header")
    find.fill("00180060")
    line = detail.locator(".tree button.node")
    expect(line).to_have_count(1)
    kvp = line.locator(".value").inner_text()
    line.click()
    detail.get_by_role("menuitem", name=f"Only with {kvp}").click()
    tab.shows(KVP=[kvp])
    assert tab.parameters()["f"] == [f"KVP:{kvp}"]
    line.click()
    detail.get_by_role("menuitem", name="Add as column").click()
    expect(tab.page.locator(HEADS).first).to_contain_text("kV")
    line.click()
    detail.get_by_role("menuitem", name=f"Exclude {kvp}").click()
    expect(tab.page.get_by_role("button", name=re.compile("^Remove Not"))).to_be_visible()
    assert tab.parameters()["x"] == [f"KVP:{kvp}"]
    assert "f" not in tab.parameters()
    tab.page.get_by_role("button", name="Columns").click()
    tab.page.get_by_role("button", name="Reset", exact=True).click()
    expect(tab.page.locator(HEADS).first).to_have_text("Series description")


def test_similar_series_and_the_neighbours_in_the_study_are_a_click_away(tab: Tab, scrolled: str):
    tab.open(f"{tab.lake.page}/?open=series:{scrolled}")
    detail = tab.page.locator(".st-key-detail")
    detail.get_by_role("button", name="Find similar").click()
    expect(tab.page.get_by_role("button", name="Remove Modality CT")).to_be_visible()
    expect(rows(tab).first).to_be_visible()
    studies = tab.lake.search(level="study", q="Modality:CT", limit=50)["hits"]
    uid = next(hit["StudyInstanceUID"] for hit in studies if hit["seriesCount"] > 1)
    series = httpx.get(f"{tab.lake.api}/api/v1/studies/{uid}", timeout=60).json()["series"]
    tab.open(f"{tab.lake.page}/?open=series:{series[0]['SeriesInstanceUID']}")
    detail.locator(".list button").nth(1).click()
    expect(detail.locator(".list button").nth(1)).to_have_attribute("aria-current", "true")
    assert tab.parameters()["open"] == [f"series:{series[1]['SeriesInstanceUID']}"]
