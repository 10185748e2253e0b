"""A researcher's walk through the search page, in a real browser over a real lake."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.e2e.conftest import Tab

CANONICAL = "Manufacturer.canonical"


def test_facets_or_within_and_across_a_field_and_chips_take_them_back(tab: Tab):
    tab.open().shows()
    tab.value("Modality", "CT").check()
    tab.shows(Modality=["CT"])
    tab.value("Modality", "MR").check()
    tab.shows(Modality=["CT", "MR"])
    tab.value(CANONICAL, "GE HealthCare").check()
    tab.shows(**{"Modality": ["CT", "MR"], CANONICAL: ["GE HealthCare"]})
    assert tab.parameters()["f"] == ["Modality:CT", "Modality:MR", f"{CANONICAL}:GE HealthCare"]
    tab.page.get_by_role("button", name="Remove Modality MR").click()
    tab.shows(**{"Modality": ["CT"], CANONICAL: ["GE HealthCare"]})
    expect(tab.value("Modality", "MR")).not_to_be_checked()
    tab.page.get_by_role("button", name="Clear Manufacturer").click()
    tab.shows(Modality=["CT"])
    tab.page.get_by_role("button", name="Clear all").click()
    tab.shows()
    assert tab.parameters() == {}


def test_clicks_faster_than_the_server_add_up(tab: Tab):
    tab.open()
    names = ["US", "CT", "SR"]
    for name in names:
        tab.value("Modality", name).evaluate("box => box.click()")
    tab.shows(Modality=names)


def test_a_query_narrows_and_a_mistake_is_pointed_at(tab: Tab):
    query = tab.open().page.get_by_role("combobox", name="Query")
    query.fill("Modality:CT")
    query.press("Enter")
    tab.shows(Modality=["CT"])
    expect(tab.page).to_have_title("Modality:CT – Dicomlake")
    query.fill("Modalty:CT")
    query.press("Enter")
    expect(tab.page.locator(".st-key-bar mark")).to_have_text("Modalty")
    tab.page.get_by_role("alert").get_by_role("button", name="Write Modality instead").click()
    tab.shows(Modality=["CT"])
    query.fill("Modalty:CT")
    query.press("Enter")
    expect(tab.page.get_by_role("alert").filter(has_text="Modalty")).to_be_visible()
    expect(tab.page.locator(".st-key-results")).to_have_count(0)


def test_a_hit_opens_its_header_which_unfolds_and_can_be_searched(tab: Tab):
    hit = tab.lake.search(q="instanceCount:[2 TO *]", sort=["-StudyDate"], limit=1)["hits"][0]
    tab.open()
    row = tab.page.locator(f'tr[data-id="series:{hit["SeriesInstanceUID"]}"]')
    row.get_by_role("button").click()
    detail = tab.page.locator(".st-key-detail")
    expect(detail.get_by_text(f"Instance 1 of {hit['instanceCount']}")).to_be_visible()
    expect(row).to_have_attribute("aria-current", "true")
    expect(detail.get_by_role("heading", level=2)).to_be_focused()
    header = detail.locator(".tree")
    expect(header.locator(".node").filter(has_text="SeriesInstanceUID")).to_contain_text(hit["SeriesInstanceUID"])

    fold = header.locator("details").filter(has=tab.page.locator("summary")).first
    expect(fold).not_to_have_attribute("open", "")
    fold.locator("summary").first.click()
    expect(fold).to_have_attribute("open", "")

    find = detail.get_by_role("searchbox", name="Search in the header")
    find.fill("00080060")
    expect(header.locator(".node")).to_have_count(1)
    expect(header.locator(".node")).to_contain_text("Modality")
    find.fill("no such thing")
    expect(header).to_contain_text("Nothing in this header matches.")

    detail.get_by_role("button", name="Next instance").click()
    expect(detail.get_by_text(f"Instance 2 of {hit['instanceCount']}")).to_be_visible()
    detail.get_by_role("button", name="Close the detail").click()
    expect(detail).to_have_count(0)
    expect(row.get_by_role("button")).to_be_focused()


def test_the_address_alone_restores_the_page(tab: Tab, new_tab: Callable[..., Tab]):
    tab.open()
    tab.value("Modality", "CT").check()
    tab.shows(Modality=["CT"])
    tab.page.locator(".st-key-results").get_by_role("button", name="Size", exact=True).click()
    expect(tab.page.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "ascending")
    first = tab.page.locator(".st-key-results tbody tr").first
    first.get_by_role("button").click()
    title = tab.page.locator(".st-key-detail h2")
    expect(title).to_be_visible()
    shown = (first.get_attribute("data-id"), title.inner_text(), tab.page.locator(".st-key-results tbody tr").count())

    def same(other: Tab) -> None:
        other.shows(Modality=["CT"])
        expect(other.value("Modality", "CT")).to_be_checked()
        expect(other.page.locator(".st-key-results tbody tr")).to_have_count(shown[2])
        expect(other.page.locator(".st-key-results tbody tr").first).to_have_attribute("data-id", shown[0] or "")
        expect(other.page.locator(".st-key-detail h2")).to_have_text(shown[1])

    tab.page.reload()
    same(tab)
    same(new_tab().open(tab.page.url))

    for _ in range(2):
        tab.page.go_back()
    expect(tab.page.locator(".st-key-detail")).to_have_count(0)
    expect(tab.page.get_by_role("columnheader", name="Size")).not_to_have_attribute("aria-sort", "ascending")
    tab.shows(Modality=["CT"])
    tab.page.go_back()
    tab.shows()
    expect(tab.value("Modality", "CT")).not_to_be_checked()
    for _ in range(3):
        tab.page.go_forward()
    same(tab)


def test_pages_turn_and_the_level_switches(tab: Tab):
    tab.open(f"{tab.lake.page}/?{urlencode({'level': 'instance'})}")
    total = tab.lake.search(limit=0)["totals"]["instances"]
    foot = tab.page.locator(".st-key-results .foot")
    expect(foot).to_contain_text(f"1–50 of {total:,} instances")
    tab.page.get_by_role("button", name="Next page").click()
    expect(foot).to_contain_text(f"51–100 of {total:,} instances")
    assert tab.parameters()["page"] == ["2"]
    tab.page.get_by_role("button", name="Previous page").click()
    expect(foot).to_contain_text(f"1–50 of {total:,} instances")
    tab.page.get_by_role("radio", name="Patients").click()
    patients = tab.lake.search(limit=0)["totals"]["patients"]
    expect(foot).to_contain_text(f"1–{patients} of {patients} patients")


def test_the_rail_works_by_keyboard_and_keeps_the_focus(tab: Tab):
    tab.open()
    first = tab.page.locator('.card[data-field="Modality"] input[type=checkbox]').first
    label = first.get_attribute("aria-label") or ""
    assert re.fullmatch(r"\w+, [\d,]+ series", label)
    first.focus()
    tab.page.keyboard.press("ArrowDown")
    second = tab.page.locator('.card[data-field="Modality"] input[type=checkbox]').nth(1)
    expect(second).to_be_focused()
    name = (second.get_attribute("aria-label") or "").partition(",")[0]
    tab.page.keyboard.press("Space")
    tab.shows(Modality=[name])
    expect(tab.value("Modality", name)).to_be_focused()
    expect(tab.value("Modality", name)).to_be_checked()


def test_a_card_is_searched_and_shows_more(tab: Tab):
    card = tab.open().page.locator('.card[data-field="Modality"]')
    values = tab.lake.counted("Modality")
    expect(card.get_by_role("checkbox")).to_have_count(6)
    card.get_by_role("button", name="Show").click()
    expect(card.get_by_role("checkbox")).to_have_count(len(values))
    card.get_by_role("searchbox").fill("rtpl")
    expect(card.get_by_role("checkbox")).to_have_count(1)
    expect(card.get_by_role("checkbox")).to_have_attribute("aria-label", f"RTPLAN, {values['RTPLAN']} series")


def test_the_dark_theme_follows_the_system(new_tab: Callable[..., Tab]):
    dark, light = (new_tab(color_scheme=scheme).open() for scheme in ("dark", "light"))

    def colours(tab: Tab) -> list[int]:
        script = "e => getComputedStyle(e).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        return [sum(tab.page.locator(part).evaluate(script)) for part in (".stApp", ".st-key-results th >> nth=0")]

    assert all(total < 200 for total in colours(dark))
    assert all(total > 600 for total in colours(light))
