"""A researcher's walk through the page, and the pages beside Search, each looked at by axe."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Tab

GRAVE = ("serious", "critical")
OURS = ".st-key-facets, .st-key-bar, .st-key-conditions, .st-key-counts, .st-key-tools, .st-key-results, .st-key-detail"
"""What the page paints itself; the rest is Streamlit's."""

FACETS = ("Modality", "BodyPartExamined.canonical", "Manufacturer.canonical", "PatientSex.canonical")


def question(tab: Tab) -> dict[str, Any]:
    """Women over an age with CT of a body part of one maker and thin slices, as there are some in this lake."""
    thin = "Modality:CT AND SliceThickness:[0 TO 5] AND PatientSex.canonical:F AND _exists_:PatientAge"
    for hit in tab.lake.search(q=thin, sort=["SliceThickness"], fields=[*FACETS, "PatientAge", "SliceThickness"])[
        "hits"
    ]:
        values = {path: hit.get(path) for path in (*FACETS, "PatientAge", "SliceThickness")}
        if all(isinstance(value, str | int | float) for value in values.values()) and values["PatientAge"][-1:] == "Y":
            filters = {path: [values[path]] for path in FACETS}
            age, slice_ = int(values["PatientAge"][:3]), float(values["SliceThickness"])
            return {"filters": filters, "ranges": {"PatientAge": [{"min": age}], "SliceThickness": [{"max": slice_}]}}
    raise AssertionError("the sample archive has no such series")


def card(tab: Tab, field: str) -> Any:
    return tab.page.locator(f'.card[data-field="{field}"]')


def series(tab: Tab, asked: dict[str, Any]) -> int:
    """Wait until the counts row is the API's answer; gives how many series there are."""
    total: int = tab.lake.search(**asked, limit=0)["totals"]["series"]
    tile = tab.page.locator(".counts .tile").filter(has_text=re.compile("Series"))
    expect(tile.locator(".number")).to_have_text(f"{total:,}")
    return total


def violations(page: Page, within: str = "") -> list[str]:
    """What axe finds of weight, by rule and place."""
    found = Axe().run(page, context=within or None).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found if one["impact"] in GRAVE for node in one["nodes"]]


def test_how_many_women_over_60_with_thin_chest_ct_on_a_siemens_scanner(tab: Tab, new_tab: Callable[..., Tab]) -> None:
    """Four values, two ends of ranges, one row: and the link shows the same to somebody else."""
    tab.open()
    asked = question(tab)
    ranges = asked["ranges"]
    chosen: dict[str, list[str]] = {}
    for field, (value,) in asked["filters"].items():
        if tab.value(field, value).count() == 0:
            card(tab, field).get_by_role("button", name=re.compile("^Show")).click()
        tab.value(field, value).check()
        chosen[field] = [value]
        series(tab, {"filters": chosen})
    ends = (
        ("PatientAge", "Age, lowest", str(ranges["PatientAge"][0]["min"])),
        ("SliceThickness", "Slice thickness, highest", str(ranges["SliceThickness"][0]["max"])),
    )
    for field, name, text in ends:
        box = card(tab, field).get_by_role("textbox", name=name)
        box.fill(text)
        box.press("Enter")
    assert series(tab, asked) > 0
    patients = tab.lake.search(**asked, limit=0)["totals"]["patients"]
    expect(tab.page.locator(".counts .tile").filter(has_text="Patients").locator(".number")).to_have_text(str(patients))

    tab.page.locator(".st-key-results tbody tr").first.get_by_role("button").first.click()
    detail = tab.page.locator(".st-key-detail")
    expect(detail.locator("h2")).to_be_visible()
    expect(detail.locator(".viewer img, .frame img").first).to_be_visible()
    title = detail.locator("h2").inner_text()

    other = new_tab().open(tab.page.url)
    assert series(other, asked) > 0
    expect(other.page.locator(".st-key-detail h2")).to_have_text(title)

    tab.page.go_back()
    expect(detail).to_have_count(0)
    tab.page.go_back()
    series(tab, {**asked, "ranges": {"PatientAge": ranges["PatientAge"]}})


def test_search_exclude_and_take_a_file(tab: Tab) -> None:
    tab.open()
    box = tab.page.locator(".st-key-bar").get_by_role("combobox")
    tab.page.keyboard.press("/")
    expect(box).to_be_focused()
    tab.page.keyboard.type("Modality:CT")
    tab.page.keyboard.press("Enter")
    series(tab, {"q": "Modality:CT"})
    maker = card(tab, "Manufacturer.canonical").get_by_role("listitem").first
    name = maker.locator(".name").inner_text()
    maker.hover()
    maker.get_by_role("button", name=f"Exclude {name}").click()
    asked = {"q": "Modality:CT", "exclude": {"Manufacturer.canonical": [name]}}
    total = series(tab, asked)
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(rows) == total
    tab.page.get_by_role("button", name="Clear all").click()
    series(tab, {})


def test_a_search_is_saved_run_again_and_compared(tab: Tab) -> None:
    for name, value in (("All CT", "CT"), ("All MR", "MR")):
        tab.open(f"{tab.lake.page}/?f=Modality:{value}")
        tab.page.get_by_role("button", name="Save").first.click()
        box = tab.page.get_by_role("textbox", name="Name")
        box.fill(name)
        box.press("Enter")
        expect(tab.page.get_by_text(f"Saved as {name}")).to_be_visible()
    tab.page.goto(f"{tab.lake.page}/saved")
    listed = tab.page.locator(".st-key-saved .search")
    expect(listed).to_have_count(2)
    assert violations(tab.page, ".st-key-saved") == []
    for place in range(2):
        listed.nth(place).get_by_role("checkbox").check()
    tab.page.get_by_role("button", name="Compare", exact=True).click()
    compared = tab.page.locator(".st-key-compared")
    expect(compared.get_by_role("table").first).to_contain_text("Patients")
    assert violations(tab.page, ".st-key-compared") == []
    tab.page.get_by_role("button", name="All saved searches").click()
    for _ in range(2):
        first = listed.first
        name = first.get_by_role("heading").inner_text()
        first.get_by_role("button", name=f"Delete {name}").click()
        first.get_by_role("button", name=f"Delete {name}").click()
        expect(listed.filter(has_text=name)).to_have_count(0)


def test_a_gap_in_the_heat_map_leads_to_what_lacks_the_value(tab: Tab) -> None:
    tab.page.goto(f"{tab.lake.page}/quality?tab=completeness&f=Modality:CT")
    cell = tab.page.locator(".st-key-heat td").get_by_role("button", name=re.compile("^Body part, Everything"))
    expect(cell).to_be_visible()
    assert violations(tab.page, ".st-key-heat") == []
    cell.click()
    tab.settled()
    series(tab, {"filters": {"Modality": ["CT"], "BodyPartExamined": [None]}})
    tab.page.goto(f"{tab.lake.page}/quality")
    codes = tab.page.locator(".st-key-codes li")
    expect(codes.first).to_be_visible()
    assert violations(tab.page, ".st-key-codes") == []
    code = codes.first.locator("code").inner_text()
    codes.first.get_by_role("button", name=re.compile("^Show them")).click()
    tab.settled()
    series(tab, {"filters": {"quality": [code]}})


def test_indexing_is_started_and_watched(tab: Tab) -> None:
    tab.page.goto(f"{tab.lake.page}/index")
    expect(tab.page.get_by_role("button", name="Add the sample archive")).to_be_visible()
    tab.page.get_by_role("textbox", name="Folders and files").fill("/no/such/folder")
    tab.page.get_by_role("button", name="Index", exact=True).click()
    expect(tab.page.get_by_role("alert").first).to_contain_text("/no/such/folder")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_we_paint_can_be_used_by_everybody(new_tab: Callable[..., Tab], scheme: str) -> None:
    tab = new_tab(color_scheme=scheme).open(f"{new_tab().lake.page}/?f=Modality:CT")
    tab.page.locator(".st-key-results tbody tr").first.get_by_role("button").first.click()
    expect(tab.page.locator(".st-key-detail h2")).to_be_visible()
    theirs = [one for one in violations(tab.page) if one not in violations(tab.page, OURS)]
    print("Streamlit's own:", theirs)
    assert violations(tab.page, OURS) == []


def test_the_page_speaks_spanish_in_the_dark(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(locale="es-ES", color_scheme="dark").open()
    expect(tab.page.locator(".counts")).to_contain_text("Pacientes")
    expect(card(tab, "BodyPartExamined.canonical")).to_contain_text("Parte del cuerpo")
    expect(tab.page.get_by_role("button", name="Columnas")).to_be_visible()
    tab.page.goto(f"{tab.lake.page}/quality")
    expect(tab.page.get_by_text("Compleción")).to_be_visible()
    background = tab.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert background == "rgb(15, 21, 27)"
