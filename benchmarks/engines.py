"""Both engines over HTTP on the Imaging Data Commons: the same questions in turn, and a walk by cursor.

``python -m benchmarks.engines [--scale X] [--embedded LAKE --opensearch LAKE]`` imports the index into each engine and
asks the questions of ``benchmarks.idc``; lakes that hold it already are taken as they are. The server is that of
``OPENSEARCH_URL``, else one in Docker or from the jars. Beside the searches stand the calls they make of the server:
sent again, bare, one after the other as they were.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import idc_index_data

from benchmarks import idc, idc_questions
from benchmarks.idc import FACETS, HITS, SEEDS, Times, ask, serving
from benchmarks.idc_questions import Question
from benchmarks.processes import DICOMLAKE, cpu_seconds, end_cleanly, run
from benchmarks.tables import Cell, Table, target
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.lake import Lake
from dicomlake.search import Searcher
from dicomlake.search.request import MAX_LIMIT
from tools.opensearch import server

WALKED = 1_000_000
"""Documents that a walk by cursor goes to."""

STRETCH = 30
"""Pages at the start, in the middle and at the end of a walk that are compared."""

ORDERS = ((), ("-StudyDate",))


@dataclass(slots=True)
class Calls:
    """What an engine asks of its server: each call with the milliseconds that it took. The server's memory of whole
    answers is left aside: the service over HTTP has asked the same before."""

    engine: OpenSearchEngine
    made: list[tuple[Callable[[], Any], float]] = field(default_factory=list)

    @contextmanager
    def noted(self) -> Iterator["Calls"]:
        """Within, calls are noted."""
        client = self.engine._client
        call = client.call

        def timed(method: str, path: str, body: Any = None, *arguments: Any, **more: Any) -> Any:
            made = partial(call, method, path, *_uncached(path, body), *arguments, **more)
            begun = time.perf_counter()
            try:
                return made()
            finally:
                self.made.append((made, (time.perf_counter() - begun) * 1_000))

        client.call = timed  # type: ignore[method-assign]
        try:
            yield self
        finally:
            client.call = call  # type: ignore[method-assign]

    def again(self) -> float:
        """Make the calls that were noted once more, bare, and forget them; gives the milliseconds."""
        begun = time.perf_counter()
        for made, _ in self.made:
            made()
        self.made.clear()
        return (time.perf_counter() - begun) * 1_000


def _uncached(path: str, body: Any) -> tuple[Any]:
    if not path.endswith("/_msearch"):
        return (body,)
    lines = body.split(b"\n")
    lines[:-1:2] = [b'{"request_cache":false}'] * (len(lines) // 2)
    return (b"\n".join(lines),)


def measure(scale: float, embedded: Path | None = None, opensearch: Path | None = None) -> list[Table]:
    """Import where no lakes are given, then ask and walk."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dicomlake-bench-")))
        parquet = Path(str(idc_index_data.IDC_INDEX_PARQUET_FILEPATH))
        if scale < 1:
            parquet = idc.part(parquet, home / "part.parquet", scale)
        if opensearch is None:
            running = stack.enter_context(server(home / "server", _tell))
            stack.enter_context(
                _environment(DICOMLAKE_ENGINE_URL=running.url, DICOMLAKE_ENGINE_PREFIX=running.prefix + "bench")
            )
        lakes = {
            name: given or _imported(parquet, home / name, name)
            for name, given in (("embedded", embedded), ("opensearch", opensearch))
        }
        questions = {
            name: list(idc_questions.questions(idc_questions.table(parquet), number, seed, facets=FACETS, limit=HITS))
            for name, seed in SEEDS.items()
            if name in ("warm", "measured") and (number := max(2, round(200 * min(1.0, scale))))
        }
        return [asked(lakes, questions["warm"], questions["measured"]), walked(lakes, round(WALKED * min(1.0, scale)))]


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _imported(parquet: Path, lake: Path, engine: str) -> Path:
    run([*DICOMLAKE, "import", "idc", "--parquet", parquet, "--data", lake, "--engine", engine, "--quiet"])
    return lake


def asked(lakes: dict[str, Path], warm: list[Question], measured: list[Question]) -> Table:
    """The questions over HTTP to each engine, and to OpenSearch in process beside its bare calls, one after another."""
    spent: dict[str, Times] = {}
    calls, besides = Times(), Times()
    with ExitStack() as stack:
        ways: dict[str, httpx.Client] = {}
        for name, lake in lakes.items():
            address, pid = stack.enter_context(serving(lake, name))
            ways[f"{name}, HTTP"] = stack.enter_context(httpx.Client(base_url=address, timeout=60))
            spent[f"{name}, HTTP"] = Times(clock=partial(cpu_seconds, pid))
        spent["opensearch, in process"] = inside = Times()
        opened = stack.enter_context(Lake.open(lakes["opensearch"]))
        assert isinstance(opened.engine, OpenSearchEngine)
        searcher = Searcher(opened)
        noted = stack.enter_context(Calls(opened.engine).noted())
        for question in warm:
            for client in ways.values():
                ask(client, question)
            searcher.run(question.request)
        known = {str(question.request) for question in warm}
        approximate = 0
        for question in measured:
            if str(question.request) in known:
                continue
            for name, client in ways.items():
                answer = spent[name].take(partial(ask, client), question)
                approximate += bool(name.startswith("opensearch") and answer["approximate"])  # type: ignore[index]
            noted.made.clear()
            inside.take(lambda one: searcher.run(one.request), question)
            besides.spent.append(inside.spent[-1] - sum(waited for _, waited in noted.made))
            calls.spent.append(noted.again())
    over = spent["opensearch, HTTP"]
    whole = [http - bare for http, bare in zip(over.spent, calls.spent, strict=True)]
    rows: list[tuple[Cell, ...]] = [
        (name, one.median, one.p95, max(one.spent), one.cpu / len(one.spent)) for name, one in spent.items()
    ]
    rows += [
        (name, one.median, one.p95, max(one.spent), None)
        for name, one in (("the calls that it makes, bare", calls), ("in process, besides its calls", besides))
    ]
    return Table(
        f"{len(over.spent)} distinct random questions: {FACETS} facets, {HITS} hits, fast totals",
        ("way", "median ms", "95th percentile ms", "most ms", "CPU ms of the service"),
        rows,
        [
            target("median ms over HTTP, OpenSearch", over.median, 40, most=True),
            target("95th percentile ms over HTTP, OpenSearch", over.p95, 120, most=True),
            target("median ms in process besides its calls", besides.median, 15, most=True),
            target("median ms over HTTP less its bare calls", statistics.median(whole), 15, most=True),
            f"{approximate} of {len(over.spent)} with estimated patients and studies",
        ],
    )


def walked(lakes: dict[str, Path], documents: int) -> Table:
    """Page after page by cursor over HTTP, as far as ``documents``: what a page takes at the start, in the middle and
    at the end."""
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for name, lake in lakes.items():
        with serving(lake, name) as (address, _), httpx.Client(base_url=address, timeout=60) as client:
            for order in ORDERS:
                pages = list(_pages(client, order, documents))
                stretch = max(1, min(STRETCH, len(pages) // 3))
                middle = (len(pages) - stretch) // 2
                parts = (pages[:stretch], pages[middle : middle + stretch], pages[-stretch:])
                start, half, end = (statistics.median(one) for one in parts)
                label = f"{name}, {'by ' + order[0] if order else 'by uid'}"
                rows.append((label, len(pages), start, half, end, statistics.median(pages), max(pages)))
                notes.append(target(f"{label}: the last pages to the first", end / start, 1.5, most=True))
    title = f"Paging by cursor over HTTP to document {documents:,}, {MAX_LIMIT:,} hits a page"
    columns = ("order", "pages", "first ms", "middle ms", "last ms", "median ms", "most ms")
    return Table(title, columns, rows, notes)


def _pages(client: httpx.Client, order: tuple[str, ...], documents: int) -> Iterator[float]:
    """Milliseconds of each page. Raises AssertionError when a hit comes twice or pages end early."""
    seen: set[str] = set()
    cursor = None
    while len(seen) < documents:
        begun = time.perf_counter()
        asked = {"limit": MAX_LIMIT, "sort": order, "cursor": cursor, "totals": "fast"}
        answer = client.post("/api/v1/search", json=asked)
        answer.raise_for_status()
        yield (time.perf_counter() - begun) * 1_000
        found = answer.json()
        keys = {hit["SeriesInstanceUID"] for hit in found["hits"]}
        assert len(keys) == len(found["hits"]), "a hit came twice on a page"
        assert not keys & seen, "a hit came again"
        seen |= keys
        cursor = found["cursor"]
        assert cursor or len(seen) >= documents, f"pages ended after {len(seen)} documents"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="so much of the index (1)")
    parser.add_argument("--embedded", type=Path, help="a lake that holds the whole index already")
    parser.add_argument("--opensearch", type=Path, help="another, on the server of DICOMLAKE_ENGINE_URL")
    options = parser.parse_args()
    end_cleanly()
    for table in measure(options.scale, options.embedded, options.opensearch):
        print(f"\n{table.text()}", flush=True)


if __name__ == "__main__":
    main()
