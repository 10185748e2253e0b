"""The search page over the Imaging Data Commons in Chromium: from a click in the facet rail to all counts painted.

Browser, page and service share this machine. A click is painted when the rail has the counts that answer it, the script
of the page has ended, and the browser has drawn a frame behind that.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import idc_index_data
from playwright.async_api import Browser, Page, async_playwright

from benchmarks import idc
from benchmarks.processes import DICOMLAKE
from benchmarks.tables import Table, target

CHROMIUM: Final = "/usr/bin/chromium"
LAKE: Final = "DICOMLAKE_BENCH_LAKE"
"""Names a lake that holds the index already; else it is imported."""

CLICKS: Final = 60
PEOPLE: Final = 10
WARMING: Final = 12
"""Clicks before those that count."""

CONDITIONS: Final = 3
"""Conditions of a walk, then it begins anew."""

_PATIENCE: Final = 120_000

# The rail's root lies in a shadow tree. A walk clicks what is there, as a person would, and waits as one does.
_RAIL: Final = """
window.rail = () => [...document.querySelectorAll('.st-key-facets *')].find((one) => one.shadowRoot)
  ?.shadowRoot.querySelector('.root');
window.settled = () => window.rail()?.dataset.click !== undefined
  && document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning';
window.frames2 = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
// Told of every change to them, since asking in each frame would have the browser draw frames for it.
window.until = async (test) => {
  await new Promise((done) => {
    const look = () => {
      if (!test()) return;
      watch.disconnect();
      done();
    };
    const watch = new MutationObserver(look);
    const app = document.querySelector('[data-testid=stApp]');
    for (const node of [window.rail(), app]) watch.observe(node, { attributes: true });
    look();
  });
  await window.frames2();
};
window.clickBox = async (part) => {
  const boxes = [...window.rail().querySelectorAll('.card input[type=checkbox]')].filter((box) => !box.disabled);
  const chosen = boxes.filter((box) => box.checked).length;
  const open = boxes.filter((box) => !box.checked && !box.closest('.row').classList.contains('none'));
  const box = open[Math.floor(part * open.length)];
  if (!box) return null;
  const wanted = Number(window.rail().dataset.click) + 1;
  const started = performance.now();
  box.click();
  await window.until(() => window.settled() && Number(window.rail().dataset.click) >= wanted);
  return { ms: performance.now() - started, took: Number(window.rail().dataset.took), chosen: chosen + 1 };
};
"""


@dataclass(frozen=True, slots=True)
class Click:
    """Milliseconds from a click to painted counts, and of the search as the service tells it."""

    painted: float
    took: float


def measure(scale: float) -> list[Table]:
    """Import the index, or so much of it, serve it, and click."""
    given = os.environ.get(LAKE)
    number = max(4, round(CLICKS * min(1.0, scale)))
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        lake = Path(given) if given else Path(home) / "lake"
        if not given:
            parquet = Path(str(idc_index_data.IDC_INDEX_PARQUET_FILEPATH))
            if scale < 1:
                parquet = idc.part(parquet, Path(home) / "part.parquet", scale)
            idc.imported(parquet, lake)
        with serving(lake) as (page, api):
            return asyncio.run(_measured(page, api, number))


async def _measured(page: str, api: str, number: int) -> list[Table]:
    chance = random.Random(6)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            firsts = [await _first(browser, page) for _ in range(3)]
            one = await _opened(browser, page)
            await _walk(one, chance, min(WARMING, number))
            before, clicks = _spent(api), await _walk(one, chance, number)
            asked, seconds = (after - was for after, was in zip(_spent(api), before, strict=True))
            tabs = [await _opened(browser, page) for _ in range(PEOPLE)]
            walks = (_walk(tab, random.Random(seed), max(2, number // 6)) for seed, tab in enumerate(tabs))
            at_once = [click for walk in await asyncio.gather(*walks) for click in walk]
        finally:
            await browser.close()
    return [_table(firsts, clicks, 1_000 * seconds / max(1.0, asked), at_once)]


def _table(firsts: Sequence[float], clicks: Sequence[Click], asked: float, at_once: Sequence[Click]) -> Table:
    painted, took = [one.painted for one in clicks], [one.took for one in clicks]
    crowd = [one.painted for one in at_once]
    return Table(
        "The search page in Chromium, browser and server on this machine",
        ("what", "n", "p50 ms", "p95 ms"),
        [
            ("first page, counts painted", len(firsts), statistics.median(firsts), max(firsts)),
            ("click on a facet to painted counts", len(painted), statistics.median(painted), _p95(painted)),
            ("  of it, search in the service (took_ms)", len(took), statistics.median(took), _p95(took)),
            ("  of it, search over HTTP (mean)", len(took), asked, None),
            (f"the same, {PEOPLE} people at once", len(crowd), statistics.median(crowd), _p95(crowd)),
        ],
        [
            target("first page, ms", max(firsts), 2_000, most=True),
            target("click to painted counts, p50 ms", statistics.median(painted), 200, most=True),
            target("click to painted counts, p95 ms", _p95(painted), 400, most=True),
            target(f"{PEOPLE} people at once, p95 ms", _p95(crowd), 1_500, most=True),
        ],
    )


def _p95(spent: Sequence[float]) -> float:
    return statistics.quantiles(spent, n=20)[-1] if len(spent) > 1 else spent[0]


async def _first(browser: Browser, url: str) -> float:
    """Milliseconds until a fresh browser shows the counts of everything."""
    started = time.perf_counter()
    tab = await _opened(browser, url)
    spent = (time.perf_counter() - started) * 1_000
    await tab.context.close()
    return spent


async def _opened(browser: Browser, url: str) -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE)
    await context.add_init_script(_RAIL)
    tab = await context.new_page()
    await tab.goto(url, wait_until="commit")
    await tab.wait_for_function("window.settled && window.settled()")
    return tab


async def _walk(tab: Page, chance: random.Random, number: int) -> list[Click]:
    """So many clicks on facet values, in searches of a few conditions each."""
    found: list[Click] = []
    while len(found) < number:
        click: dict[str, Any] | None = await tab.evaluate("(part) => window.clickBox(part)", chance.random())
        if click is not None:
            found.append(Click(click["ms"], click["took"]))
        if click is None or click["chosen"] >= CONDITIONS:
            await tab.goto(tab.url.partition("?")[0], wait_until="commit")
            await tab.wait_for_function("window.settled && window.settled()")
            await tab.wait_for_timeout(300)
    return found


def _spent(api: str) -> tuple[float, float]:
    """Searches that the service has answered, and the seconds it took."""
    lines = httpx.get(f"{api}/metrics", trust_env=False).text.splitlines()

    def total(name: str) -> float:
        own = (line for line in lines if line.startswith(name) and 'route="/api/v1/search"' in line)
        return sum(float(line.rpartition(" ")[2]) for line in own)

    return total("dicomlake_request_seconds_count"), total("dicomlake_request_seconds_sum")


@contextmanager
def serving(lake: Path) -> Iterator[tuple[str, str]]:
    """The page and the service over a lake: their addresses."""
    command = [*DICOMLAKE, "serve", "--data", str(lake), "--port", "0", "--ui-port", "0", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(command)} left with {process.wait()}")
        addresses = json.loads(line)
        if "ui" not in addresses:
            raise SystemExit(f"the lake in {lake} cannot be served: {addresses.get('detail', addresses)}")
        yield addresses["ui"], addresses["api"]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
