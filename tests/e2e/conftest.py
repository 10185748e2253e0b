"""The page in Debian's Chromium over a served lake, with a watch on every request and on the console."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Route,
    expect,
    sync_playwright,
)

from tests.ui.served import Served, hospital, serve

CHROMIUM = "/usr/bin/chromium"
NOTED = re.compile(r"/api/v1/images/|/(saved|quality|index|settings)/_stcore/")
PATIENCE = 40_000
"""Milliseconds: a loaded machine with two cores must not make a test fail."""


@dataclass
class Watch:
    """What a browser did that it must not do."""

    origins: tuple[str, ...]
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def address(self, url: str) -> None:
        if not url.startswith((*self.origins, "data:", "blob:")):
            self.outside.append(url)

    def console(self, message: ConsoleMessage) -> None:
        # A picture that cannot be made is a frame without one, and Streamlit looks below a page's address before it
        # looks at the root; the browser notes both.
        if message.type == "error" and not NOTED.search(message.location.get("url", "")):
            self.errors.append(message.text)

    def error(self, error: Exception) -> None:
        self.errors.append(str(error))


class Tab:
    """A browser's tab on the search page, in words of its user."""

    def __init__(self, page: Page, lake: Served) -> None:
        self.page = page
        self.lake = lake

    def open(self, url: str = "") -> "Tab":
        self.page.goto(url or self.lake.page)
        self.settled()
        return self

    def settled(self) -> None:
        """Wait until the page is painted."""
        expect(self.page.locator(".st-key-facets .card").first).to_be_visible()
        expect(self.page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")

    def value(self, field: str, value: str) -> Locator:
        """The box of a facet value."""
        return self.page.locator(f'.card[data-field="{field}"]').get_by_role(
            "checkbox", name=re.compile(rf"^{re.escape(value)}, [\d,]+ ")
        )

    def shows(self, **filters: list[str]) -> None:
        """The counts row is the API's answer to these filters."""
        totals = self.lake.search(filters=filters, limit=0)["totals"]
        for name in ("patients", "studies", "series", "instances"):
            tile = self.page.locator(".counts .tile").filter(has_text=name.capitalize())
            expect(tile.locator(".number")).to_have_text(f"{totals[name]:,}")

    def address(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query, keep_blank_values=True)

    def parameters(self) -> dict[str, list[str]]:
        """The address, with what the API keeps for it: dates and patients are not written out."""
        given = self.address()
        if ids := given.pop("s", None):
            kept = httpx.get(f"{self.lake.api}/api/v1/searches/{ids[0]}", trust_env=False).raise_for_status().json()
            given |= parse_qs(kept["state"], keep_blank_values=True)
        return given


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(hospital(tmp_path_factory.mktemp("hospital")), ("--ui-port", "0")) as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def new_tab(browser: Browser, lake: Served) -> Iterator[Callable[..., Tab]]:
    """Opens a tab in a fresh browser profile; afterwards nothing may have gone outside, or wrong."""
    watch = Watch((lake.page, lake.page.replace("http", "ws", 1), lake.api))
    contexts: list[BrowserContext] = []

    def new(**options: object) -> Tab:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.route(lambda url: not url.startswith(watch.origins), lambda route: refuse(route, watch))
        context.on("request", lambda request: watch.address(request.url))
        context.on("console", watch.console)
        context.on("weberror", lambda error: watch.error(error.error))
        contexts.append(context)
        page = context.new_page()
        page.on("websocket", lambda socket: watch.address(socket.url))
        return Tab(page, lake)

    yield new
    for context in contexts:
        context.close()
    assert watch.outside == []
    assert watch.errors == []


def refuse(route: Route, watch: Watch) -> None:
    """Nothing outside is reachable, so that a test sees what a closed network shows."""
    watch.address(route.request.url)
    route.abort()


@pytest.fixture
def tab(new_tab: Callable[..., Tab]) -> Tab:
    return new_tab()
