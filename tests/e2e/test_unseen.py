"""What lies out of view waits to be laid out, but never for whoever scrolls or presses a key, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ElementHandle, expect

from tests.e2e.conftest import Tab

# Rows and cards that have waited are remembered, since they do so for a second at most.
WATCH = """() => {
  const inside = (key) => [...document.querySelectorAll(`.st-key-${key} *`)].find((one) => one.shadowRoot).shadowRoot;
  window.waited = new Set();
  const watch = new MutationObserver((seen) => {
    for (const { target } of seen) if (target.classList.contains('unseen')) window.waited.add(target);
  });
  for (const root of ['results', 'facets'].map(inside))
    watch.observe(root, { subtree: true, attributes: true, attributeFilter: ['class'] });
}"""
WAITED = "(part) => window.waited.has(part)"
LAID_OUT = "(part) => part.querySelector('button').checkVisibility()"
NEVER_QUIET = """() => {
  const plain = window.setTimeout;
  window.setTimeout = (act, time, ...others) => time === 1000 ? 0 : plain(act, time, ...others);
}"""
KEY = "() => document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab' }))"
SCROLL = "(row) => row.closest('.scroll').scrollTo(0, 1e6)"


@pytest.fixture
def narrowed(tab: Tab) -> Callable[[str], list[ElementHandle]]:
    """Prepares the page by a script and chooses a value in its rail; gives the last row and the last card, which have
    waited meanwhile."""

    def done(script: str) -> list[ElementHandle]:
        tab.open(f"{tab.lake.page}/?level=instance")
        tab.page.evaluate(WATCH)
        tab.page.evaluate(script)
        parts = [
            part.last.element_handle()
            for part in (tab.page.locator(".st-key-results tbody tr"), tab.page.locator(".st-key-facets .card"))
        ]
        tab.value("Modality", "CT").check()
        for part in parts:
            tab.page.wait_for_function(WAITED, arg=part)
        tab.settled()
        return parts

    return done


def test_all_is_laid_out_when_the_page_is_quiet(tab: Tab, narrowed: Callable[[str], list[ElementHandle]]):
    for part in narrowed("() => {}"):
        tab.page.wait_for_function(LAID_OUT, arg=part)


def test_all_is_laid_out_for_whoever_presses_a_key(tab: Tab, narrowed: Callable[[str], list[ElementHandle]]):
    row, card = narrowed(NEVER_QUIET)
    assert not row.evaluate(LAID_OUT)
    tab.page.evaluate(KEY)
    assert row.evaluate(LAID_OUT)
    assert card.evaluate(LAID_OUT)


def test_rows_are_laid_out_for_whoever_scrolls(tab: Tab, narrowed: Callable[[str], list[ElementHandle]]):
    row, _ = narrowed(NEVER_QUIET)
    row.evaluate(SCROLL)
    tab.page.wait_for_function(LAID_OUT, arg=row)
    expect(tab.page.locator(".st-key-results tbody tr").last).to_be_in_viewport()
