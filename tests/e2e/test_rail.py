"""The facet rail in a real browser: ranges drawn and typed, exclusions, search on the server, cards of one's own."""

import re

from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Tab


def card(tab: Tab, field: str) -> Locator:
    return tab.page.locator(f'.card[data-field="{field}"]')


def series(tab: Tab, **asked: object) -> None:
    """The counts row is the API's answer to this search."""
    total = tab.lake.search(limit=0, **asked)["totals"]["series"]
    tile = tab.page.locator(".counts .tile").filter(has_text="Series")
    expect(tile.locator(".number")).to_have_text(f"{total:,}")


def test_a_range_is_drawn_over_the_bars_typed_and_moved_by_keys(tab: Tab):
    dates = card(tab.open(), "StudyDate")
    bins = tab.lake.search(histograms=["StudyDate"], limit=0)["histograms"]["StudyDate"]["bins"]
    bars = dates.locator(".bars i")
    expect(bars).to_have_count(len(bins))
    dates.get_by_role("textbox").first.scroll_into_view_if_needed()
    plot = dates.locator(".bars").bounding_box()
    assert plot is not None
    for number, act in ((3.5, tab.page.mouse.down), (5.5, tab.page.mouse.up)):
        tab.page.mouse.move(plot["x"] + plot["width"] * number / len(bins), plot["y"] + plot["height"] / 2)
        act()
    first, last = bins[3]["from"][:4], bins[5]["from"][:4]
    series(tab, ranges={"StudyDate": [{"min": first, "max": last}]})
    assert tab.parameters()["r"] == [f"StudyDate:{first}..{last}"]
    expect(dates.locator(".bars i.inside")).to_have_count(3)
    lowest = dates.get_by_role("slider", name="Study date, lowest")
    expect(lowest).to_have_attribute("aria-valuetext", first)
    lowest.focus()
    tab.page.keyboard.press("ArrowRight")
    series(tab, ranges={"StudyDate": [{"min": bins[4]["from"][:4], "max": last}]})
    expect(lowest).to_be_focused()

    ages = card(tab, "PatientAge").get_by_role("textbox", name="Age, lowest")
    ages.fill("sixty")
    ages.press("Enter")
    expect(card(tab, "PatientAge").get_by_role("alert")).to_contain_text("such as 60")
    ages.fill("60")
    ages.press("Enter")
    series(tab, ranges={"StudyDate": [{"min": bins[4]["from"][:4], "max": last}], "PatientAge": [{"min": 60}]})
    tab.page.get_by_role("button", name=re.compile("^Remove Study date")).first.click()
    series(tab, ranges={"PatientAge": [{"min": 60}]})
    table = dates.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(len(bins) + 1)


def test_those_without_a_value_are_beside_a_range(tab: Tab):
    tab.open(f"{tab.lake.page}/?r=SliceThickness:..1.5")
    series(tab, ranges={"SliceThickness": [{"max": 1.5}]})
    tab.value("SliceThickness", "no value").check()
    series(tab, ranges={"SliceThickness": [{"max": 1.5}]}, filters={"SliceThickness": [None]})


def test_a_value_is_excluded_by_click_and_by_keys(tab: Tab):
    rows = card(tab.open(), "Modality").get_by_role("listitem")
    name = rows.nth(1).locator(".name").inner_text()
    rows.nth(1).hover()
    rows.nth(1).get_by_role("button", name=f"Exclude {name}").click()
    series(tab, exclude={"Modality": [name]})
    assert tab.parameters()["x"] == [f"Modality:{name}"]
    expect(rows.first.locator(".row")).to_have_class(re.compile("excluded"))
    expect(rows.first.get_by_role("checkbox")).to_be_focused()
    tab.page.keyboard.press("ArrowRight")
    expect(rows.first.get_by_role("button", name=f"No longer exclude {name}")).to_be_focused()
    tab.page.keyboard.press("Enter")
    series(tab)


def test_cards_are_chosen_ordered_and_kept(tab: Tab):
    tab.open().page.get_by_role("button", name="Cards").click()
    find = tab.page.get_by_role("searchbox", name="Search any attribute")
    find.fill("kvp")
    tab.page.get_by_role("button", name="Add Tube voltage", exact=True).click()
    expect(card(tab, "KVP").locator(".bars i").first).to_be_attached()
    tab.page.get_by_role("button", name="Remove the card Collection").click()
    expect(card(tab, "collection")).to_have_count(0)
    tab.page.get_by_role("button", name="Move Body part up").click()
    fields = tab.page.locator(".card")
    expect(fields.first).to_have_attribute("data-field", "BodyPartExamined.canonical")
    expect(tab.page.get_by_role("button", name="Move Body part up")).to_be_disabled()
    tab.page.reload()
    expect(fields.first).to_have_attribute("data-field", "BodyPartExamined.canonical")
    tab.page.get_by_role("button", name="Cards").click()
    tab.page.get_by_role("button", name="Usual cards").click()
    expect(fields.first).to_have_attribute("data-field", "Modality")


def test_a_folded_card_is_asked_for_when_it_opens(tab: Tab):
    sizes = card(tab.open(), "bytes")
    expect(sizes.locator(".plot")).to_be_hidden()
    sizes.get_by_role("button", name="Size").click()
    expect(sizes.locator(".bars i").first).to_be_attached()
    sizes.get_by_role("button", name="Size", exact=True).click()
    expect(sizes.locator(".plot")).to_be_hidden()


def test_the_server_searches_where_a_card_has_not_all_values(tab: Tab):
    tab.open().page.get_by_role("button", name="Cards").click()
    tab.page.get_by_role("searchbox", name="Search any attribute").fill("PatientID")
    tab.page.get_by_role("button", name="Add Patient ID", exact=True).click()
    patients = card(tab, "PatientID")
    wanted = list(tab.lake.counted("PatientID", facet_limit=10_000))[-1]
    patients.get_by_role("searchbox").fill(wanted.lower())
    expect(patients.get_by_role("checkbox", name=wanted)).to_be_visible()
    patients.get_by_role("checkbox", name=wanted).check()
    series(tab, filters={"PatientID": [wanted]})
    tab.page.get_by_role("button", name="Usual cards").click()
    expect(patients).to_have_count(0)
