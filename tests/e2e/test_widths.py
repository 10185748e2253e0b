"""The page at widths between a small window and a large screen: nothing lies over what is read, a row is a row."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Tab

WIDTHS = (800, 950, 1024, 1100, 1280, 1600)


def box(found: Locator) -> dict[str, float]:
    measured = found.bounding_box()
    assert measured is not None
    return {**measured, "right": measured["x"] + measured["width"], "bottom": measured["y"] + measured["height"]}


def lies_on_top(found: Locator) -> bool:
    """Whether the middle of an element is what is seen there, through shadow roots."""
    return bool(
        found.evaluate(
            """(element) => {
              const at = element.getBoundingClientRect();
              let seen = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
              while (seen?.shadowRoot) {
                const deeper = seen.shadowRoot.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
                if (!deeper || deeper === seen) break;
                seen = deeper;
              }
              return Boolean(seen) && (element.contains(seen) || seen.contains(element));
            }"""
        )
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_over_the_head_of_an_open_detail(width: int, new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(viewport={"width": width, "height": 900})
    hit = tab.lake.search(q="Modality:CT", limit=1)["hits"][0]
    tab.page.goto(f"{tab.lake.page}/?open=series:{hit['SeriesInstanceUID']}")
    detail = tab.page.locator(".st-key-detail")
    title = detail.get_by_role("heading", level=2)
    expect(title).to_be_visible()
    for part in (title, detail.locator(".kind").first, detail.get_by_role("button", name="Close the detail")):
        assert lies_on_top(part)
    panel = box(detail.locator(".panel"))
    assert panel["bottom"] <= 900
    assert panel["right"] <= width
    if width > 900:  # below, the detail covers the head of the page too
        assert box(tab.page.locator(".stAppHeader"))["bottom"] <= panel["y"]


@pytest.mark.parametrize("locale", ["en-GB", "es-ES"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_tools_above_the_hits_stand_in_one_row(width: int, locale: str, new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(viewport={"width": width, "height": 900}, locale=locale).open()
    tools = tab.page.locator(".st-key-tools").locator(".tools .segments, .tools .tool")
    expect(tools).to_have_count(6)
    boxes = [box(tool) for tool in tools.all()]
    assert {round(one["y"]) for one in boxes} == {round(boxes[0]["y"])}
    assert {round(one["height"]) for one in boxes} == {round(boxes[0]["height"])}
    for one, other in pairwise(boxes):
        assert one["right"] <= other["x"]
    assert boxes[-1]["right"] <= width


def test_tools_that_show_a_sign_alone_have_their_names_and_say_what_they_did(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(viewport={"width": 800, "height": 900}, permissions=["clipboard-read", "clipboard-write"]).open()
    row = tab.page.locator(".st-key-tools")
    link = row.get_by_role("button", name="Copy link")
    assert box(link)["width"] < 60
    link.click()
    said = row.get_by_role("button", name="Copied")
    expect(said).to_be_visible()
    assert box(said)["width"] > 60
    expect(row.get_by_role("radio", name="Gallery")).to_have_count(1)
    expect(row.get_by_role("button", name="Columns")).to_have_attribute("title", "Columns")


def test_what_a_query_means_names_its_fields_in_the_language_of_the_page(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(locale="es-ES")
    tab.open(f"{tab.lake.page}/?q=SliceThickness:1&panel=explain")
    cell = tab.page.locator(".st-key-explain").get_by_role("cell", name="Grosor de corte")
    expect(cell).to_be_visible()


def test_a_search_without_a_name_is_asked_for_one_in_the_language_of_the_page(new_tab: Callable[..., Tab]) -> None:
    tab = new_tab(locale="es-ES").open()
    tab.page.locator(".st-key-tools").get_by_role("button", name="Guardar").click()
    name = tab.page.get_by_role("textbox", name="Nombre")
    expect(name).to_be_focused()
    name.press("Enter")
    assert name.evaluate("(box) => box.validationMessage") == "Primero dele un nombre"
    name.fill("Todo")
    assert name.evaluate("(box) => box.validationMessage") == ""
    name.press("Enter")
    expect(tab.page.get_by_text("Guardada como Todo")).to_be_visible()
    expect(name).to_be_hidden()
    for kept in tab.lake.searches():
        if kept["name"] == "Todo":
            tab.lake.forget(kept["id"])
