"""The query bar and all around it, in a real browser: completion, history, builder, explanation, chips, addresses."""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Tab
from tests.ui.served import DICOMLAKE, Served, empty, serve
from ui import launch


def bar(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Query")


def ask(tab: Tab, text: str) -> None:
    bar(tab.page).fill(text)
    bar(tab.page).press("Enter")
    tab.settled()


def option(page: Page, name: str) -> Locator:
    return options(page).filter(has=page.locator(".text", has_text=re.compile(rf"^{re.escape(name)}$")))


def options(page: Page) -> Locator:
    """What is suggested under the field that has the focus; the rail has lists of its own."""
    return page.locator(".options .option:visible")


def test_a_query_is_written_with_the_keyboard_alone(tab: Tab):
    page = tab.open().page
    page.keyboard.press("/")
    expect(bar(page)).to_be_focused()
    page.keyboard.type("modal")
    expect(option(page, "Modality").first).to_be_visible()
    expect(bar(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    active = bar(page).get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(bar(page)).to_have_value("Modality:")
    page.keyboard.type("C")
    expect(option(page, "CT")).to_be_visible()
    while "CT" not in (page.locator(".option[aria-selected=true]").all_inner_texts() or [""])[0].split():
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(bar(page)).to_have_value("Modality:CT ")
    page.keyboard.press("Enter")
    tab.shows(Modality=["CT"])
    expect(bar(page)).to_be_focused()
    assert tab.parameters()["q"] == ["Modality:CT"]


def test_an_option_chosen_stays_chosen_when_the_list_for_what_was_typed_arrives(tab: Tab):
    page = tab.open().page
    bar(page).fill("Modality:")
    expect(option(page, "MR")).to_be_visible()
    # Typed and chosen before the server can answer: the list is still the one for "Modality:".
    bar(page).evaluate(
        """field => {
          field.value = "Modality:C";
          field.dispatchEvent(new InputEvent("input", { bubbles: true }));
          const chosen = () => field.closest(".root").querySelector(".option[aria-selected=true] .text")?.textContent;
          for (let step = 0; chosen() !== "CT" && step < 100; step += 1)
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
        }"""
    )
    expect(option(page, "MR")).to_have_count(0)
    expect(option(page, "CT")).to_have_count(1)
    active = bar(page).get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active} .text")).to_have_text("CT")
    page.keyboard.press("Tab")
    expect(bar(page)).to_have_value("Modality:CT ")
    bar(page).fill("Modality:")
    expect(option(page, "MR")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".option[aria-selected=true]:visible")).to_have_count(1)
    page.keyboard.type("C")  # who types on means the text again, until something is chosen
    expect(page.locator(".option[aria-selected=true]:visible")).to_have_count(0)
    expect(option(page, "MR")).to_have_count(0)
    expect(page.locator(".option[aria-selected=true]:visible")).to_have_count(0)


def test_the_word_at_the_caret_is_completed_and_a_value_is_quoted(tab: Tab):
    page = tab.open().page
    bar(page).fill("Manufacturer.canonical:GE AND Modality:CT")
    expect(page.locator(".st-key-bar .root")).to_have_attribute("data-took", re.compile(r"\d"))  # completed at the end
    bar(page).evaluate("field => field.setSelectionRange(25, 25)")
    page.keyboard.press("ArrowDown")
    option(page, "GE HealthCare").click()
    expect(bar(page)).to_have_value('Manufacturer.canonical:"GE HealthCare" AND Modality:CT')
    bar(page).press("Enter")
    tab.shows(**{"Manufacturer.canonical": ["GE HealthCare"], "Modality": ["CT"]})


def test_escape_closes_the_list_and_a_slash_in_a_field_is_a_slash(tab: Tab):
    page = tab.open().page
    bar(page).fill("Modal")
    expect(option(page, "Modality")).to_be_visible()
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(bar(page)).to_have_value("Modal")
    page.keyboard.type("/")
    expect(bar(page)).to_have_value("Modal/")


def test_what_was_asked_is_offered_again_in_another_browser_but_no_person(tab: Tab, new_tab: Callable[..., Tab]):
    tab.open()
    ask(tab, "PatientName:Nobody")
    ask(tab, "Modality:MR")
    bar(tab.page).fill("")
    expect(option(tab.page, "Modality:MR")).to_be_visible()
    expect(option(tab.page, "PatientName:Nobody")).to_be_visible()
    other = new_tab().open()
    bar(other.page).click()
    expect(option(other.page, "Modality:MR")).to_be_visible()
    expect(option(other.page, "PatientName:Nobody")).to_have_count(0)
    option(other.page, "Modality:MR").click()
    other.shows(Modality=["MR"])


def test_the_builder_writes_counts_and_asks(tab: Tab):
    page = tab.open().page
    page.get_by_role("button", name="Builder").click()
    builder = page.locator(".st-key-builder")
    field = builder.get_by_role("combobox", name="Field")
    field.fill("slice thick")
    option(page, "Slice thickness").first.click()
    builder.get_by_role("combobox", name="Comparison").select_option("at_most")
    builder.get_by_role("combobox", name="Value").fill("2")
    expected = tab.lake.search(q="SliceThickness:[* TO 2]", limit=0)["totals"]["series"]
    expect(builder.locator("code.query-text")).to_have_text("SliceThickness:[* TO 2]")
    expect(builder.get_by_role("status")).to_have_text(f"{expected:,} series")
    builder.get_by_role("button", name="+ Condition").click()
    field.nth(1).fill("Modality")
    option(page, "Modality").first.click()
    builder.get_by_role("combobox", name="Value").nth(1).fill("CT")
    builder.get_by_text("Any of these").click()
    expect(builder.locator("code.query-text")).to_have_text("SliceThickness:[* TO 2] OR Modality:CT")
    builder.get_by_role("button", name="Search").click()
    expect(bar(page)).to_have_value("SliceThickness:[* TO 2] OR Modality:CT")
    total = tab.lake.search(q="SliceThickness:[* TO 2] OR Modality:CT", limit=0)["totals"]["series"]
    expect(page.locator(".counts .tile").filter(has_text="Series").locator(".number")).to_have_text(f"{total:,}")
    page.reload()
    expect(builder.get_by_role("combobox", name="Field").nth(1)).to_have_value("Modality")


def test_examples_of_the_lake_can_be_asked_and_a_search_explained(tab: Tab):
    page = tab.open().page
    page.get_by_role("button", name="Syntax").click()
    page.locator(".st-key-syntax").get_by_role("button", name=re.compile("AND in_study")).click()
    expect(bar(page)).to_have_value(re.compile(r"^Modality:\w+ AND in_study\("))
    page.get_by_role("button", name="Explain").click()
    explain = page.locator(".st-key-explain")
    expect(explain.get_by_text("in the same study").first).to_be_visible()
    expect(explain.get_by_role("cell", name="Modality").first).to_be_visible()
    assert tab.parameters()["panel"] == ["explain"]
    explain.get_by_role("button", name="Close").press("Escape")
    expect(explain).to_have_count(0)
    page.go_back()
    expect(explain).to_be_visible()


def test_conditions_are_dropped_and_changed_by_keyboard(tab: Tab):
    tab.open(f"{tab.lake.page}/?q=Modality:CT AND chest&f=PatientSex.canonical:M&x=Modality:SR")
    chips = tab.page.locator(".st-key-conditions")
    expect(chips.get_by_role("button", name="Remove Not Modality SR")).to_be_visible()
    chips.get_by_role("button", name="Remove Query chest").press("Delete")
    expect(bar(tab.page)).to_have_value("Modality:CT")
    expect(chips.get_by_role("button", name="Remove Sex M")).to_be_focused()
    chips.get_by_role("button", name="Edit Query Modality:CT").press("Enter")
    expect(bar(tab.page)).to_be_focused()
    chips.get_by_role("button", name="Clear all").click()
    tab.shows()
    assert tab.parameters() == {}


def test_an_address_never_names_a_person(tab: Tab, new_tab: Callable[..., Tab]):
    names = [hit["PatientName"] for hit in tab.lake.search(level="patient", q="PatientName:*")["hits"]]
    family = next(name for name in names if isinstance(name, str)).partition("^")[0]
    tab.open()
    ask(tab, f'PatientName:"{family}"')
    expect(tab.page).to_have_url(re.compile(r"\?s=[0-9a-f]{32}$"))
    expect(tab.page).to_have_title("Dicomlake")
    other = new_tab().open(tab.page.url)
    expect(bar(other.page)).to_have_value(f'PatientName:"{family}"')
    tab.page.get_by_role("radio", name="Patients").click()
    expect(tab.page.locator(".st-key-results .foot")).to_contain_text("patient")
    tab.page.locator(".st-key-results tbody tr").first.get_by_role("button").click()
    title = tab.page.locator(".st-key-detail h2")
    expect(title).to_be_visible()
    assert set(tab.address()) == {"s"}
    expect(new_tab().open(tab.page.url).page.locator(".st-key-detail h2")).to_have_text(title.inner_text())
    tab.page.go_back()
    expect(tab.page.locator(".st-key-detail")).to_have_count(0)
    tab.page.go_back()
    tab.page.go_back()
    tab.shows()


# Servers that come and go


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: list[str], ready: str, **options: object) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        for _ in range(600):
            try:
                if httpx.get(ready, trust_env=False).is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def hollow(tmp_path: Path) -> Path:
    return empty(tmp_path)


def test_the_page_comes_back_when_the_server_does(hollow: Path, browser: Browser):
    api, page_port = free_port(), free_port()
    url = f"http://127.0.0.1:{api}"
    service = [*DICOMLAKE, "serve", "--data", str(hollow), "--no-ui", "--port", str(api)]
    page_at = f"http://127.0.0.1:{page_port}"
    with running(launch.command(page_port, api_url=url), page_at + launch.HEALTH, env=launch.environment(url)):
        page = browser.new_page()
        page.goto(page_at)
        expect(page.get_by_text("The Dicomlake server does not answer")).to_be_visible()
        with running(service, f"{url}/readyz"):
            expect(page.get_by_text("This lake is empty")).to_be_visible()
        page.close()


def test_an_empty_lake_is_filled_with_a_click(hollow: Path, browser: Browser):
    with serve(hollow, ("--ui-port", "0")) as served:
        page = browser.new_page()
        page.goto(served.page)
        page.get_by_role("button", name="Index the sample archive").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.locator(".st-key-results tbody tr").first).to_be_visible(timeout=180_000)
        assert Served(served.api).search(limit=0)["totals"]["series"] > 100
        page.close()
