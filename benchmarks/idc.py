"""The Imaging Data Commons, all of it: importing, the same answers as DuckDB's, and how long they take over HTTP."""

import json
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import duckdb
import httpx
import idc_index_data

from benchmarks import idc_questions
from benchmarks.idc_questions import Question
from benchmarks.processes import DICOMLAKE, cpu_seconds, memory, run
from benchmarks.tables import Table, target
from dicomlake.engines.base import Level
from dicomlake.lake import Lake
from dicomlake.search import Searcher

FACETS = 8
HITS = 50
CLIENTS = 20

PAGE = (
    *("Modality", "BodyPartExamined.canonical", "Manufacturer.canonical", "ManufacturerModelName"),
    *("PatientSex.canonical", "PatientAge", "StudyDate", "StudyDescription", "SeriesDescription", "ProtocolName"),
    *("SliceThickness", "collection"),
)
"""Facets of a page."""

_ORDERS: tuple[tuple[Level, str], ...] = (
    ("series", "-StudyDate"),
    ("study", "-StudyDate"),
    ("patient", "PatientID"),
)

SEEDS = {"warm": 1, "measured": 2, "clients": 3, "checked": 4, "again": 5, "pages": 6}

Answers = Callable[[Question], object]


@dataclass(slots=True)
class Times:
    """Milliseconds of one way to answer, question by question; ``clock`` tells the CPU seconds of who answers."""

    spent: list[float] = field(default_factory=list)
    clock: Callable[[], float] = time.process_time
    cpu: float = 0.0

    def take(self, answer: Answers, question: Question) -> object:
        """The answer; its time is noted."""
        busy, started = self.clock(), time.perf_counter()
        given = answer(question)
        self.spent.append((time.perf_counter() - started) * 1_000)
        self.cpu += (self.clock() - busy) * 1_000
        return given

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.spent)

    @property
    def p95(self) -> float:
        """What 95 of 100 do not exceed."""
        return statistics.quantiles(self.spent, n=20)[-1] if len(self.spent) > 1 else self.spent[0]


def measure(scale: float) -> list[Table]:
    """Import the index, or so much of it, then ask and check."""
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as home:
        parquet = Path(str(idc_index_data.IDC_INDEX_PARQUET_FILEPATH))
        if scale < 1:
            parquet = part(parquet, Path(home) / "part.parquet", scale)
        lake = Path(home) / "lake"
        tables = [imported(parquet, lake)]
        rows = idc_questions.table(parquet)
        number = max(2, round(200 * min(1.0, scale)))
        return [*tables, *asked(rows, lake, number), checked(rows, lake, max(2, round(500 * min(1.0, scale))))]


def part(whole: Path, path: Path, scale: float) -> Path:
    """So much of the index, drawn at random, always the same."""
    duckdb.execute(
        f"COPY (SELECT * FROM read_parquet('{whole}') USING SAMPLE reservoir({round(1_044_191 * scale)} ROWS)"
        f" REPEATABLE (1)) TO '{path}' (FORMAT parquet)"
    )
    return path


def imported(parquet: Path, lake: Path) -> Table:
    """The import, as the command."""
    spent = run([*DICOMLAKE, "import", "idc", "--parquet", parquet, "--data", lake, "--json", "--quiet"])
    summary = json.loads(spent.output.splitlines()[-1])
    return Table(
        f"Importing {summary['series']:,} series of the Imaging Data Commons",
        ("command", "wall s", "CPU s", "series/s", "main, own MB", "worker MB"),
        [
            (
                "dicomlake import idc",
                spent.seconds,
                spent.cpu,
                summary["series"] / spent.seconds,
                spent.main.own / 1e6,
                spent.worker.own / 1e6,
            )
        ],
        [target("seconds of the whole index", spent.seconds, 90, most=True)],
    )


def asked(rows: duckdb.DuckDBPyConnection, lake: Path, number: int) -> list[Table]:
    """Distinct questions over HTTP, in process and to DuckDB, one way after the other; then many clients at once."""
    made = {name: list(_questions(rows, number, seed)) for name, seed in SEEDS.items() if name != "checked"}
    known = {str(question.request) for question in made["warm"]}
    measured = [question for question in made["measured"] if str(question.request) not in known]
    approximate = 0
    with Lake.open(lake) as opened, serving(lake) as (address, pid), httpx.Client(base_url=address) as client:
        searcher = Searcher(opened)
        http = Times(clock=partial(cpu_seconds, pid))
        ways = {"HTTP": http, "in process": Times(), "DuckDB": Times()}

        def over_http(question: Question) -> dict[str, object]:
            return ask(client, question)

        cold = Times()
        for question in made["warm"]:
            cold.take(over_http, question)
            searcher.run(question.request)
        time.sleep(2)  # what the first questions asked for is being made ready
        for question in measured:
            approximate += bool(http.take(over_http, question)["approximate"])  # type: ignore[index]
            ways["in process"].take(lambda asked: searcher.run(asked.request), question)
            ways["DuckDB"].take(lambda asked: _bare_sql(rows, asked), question)
        service = memory(pid)
        many = _at_once(address, made["clients"])
        pages = {f"{level} by {sort}": _paged(searcher, made["pages"], level, sort) for level, sort in _ORDERS}
    again = Times()
    with serving(lake) as (address, _), httpx.Client(base_url=address) as client:
        for question in made["again"]:
            again.take(over_http, question)
    title = f"{len(measured)} distinct random questions: {FACETS} facets, {HITS} hits, fast totals"
    of_all = rows.execute("SELECT count(*) FROM idc").fetchone()
    assert of_all is not None
    return [
        Table(
            f"{title}, {of_all[0]:,} series",
            ("way", "median ms", "95th percentile ms", "most ms", "HTTP x this", "CPU ms"),
            [
                ("HTTP, the first of a new lake", cold.median, cold.p95, max(cold.spent), None, None),
                ("HTTP, the first after a restart", again.median, again.p95, max(again.spent), None, None),
                *(
                    (name, way.median, way.p95, max(way.spent), http.median / way.median, way.cpu / len(way.spent))
                    for name, way in ways.items()
                ),
            ],
            [
                target("median ms over HTTP", http.median, 25, most=True),
                target("95th percentile ms over HTTP", http.p95, 60, most=True),
                target("95th percentile ms after a restart", again.p95, 60, most=True),
                f"{approximate} of {len(measured)} with estimated patients and studies",
                f"memory of the service: {service.own / 1e6:,.0f} MB, and {service.files / 1e6:,.0f} MB of files",
            ],
        ),
        Table(
            f"{number} random pages of each order: {len(PAGE)} facets, {HITS} hits, fast totals, in process",
            ("hits", "median ms", "95th percentile ms", "most ms", "CPU ms"),
            [(name, one.median, one.p95, max(one.spent), one.cpu / len(one.spent)) for name, one in pages.items()],
            [
                target("median ms", max(one.median for one in pages.values()), 40, most=True),
                target("95th percentile ms", max(one.p95 for one in pages.values()), 100, most=True),
            ],
        ),
        Table(
            f"{CLIENTS} clients at once, {len(many.times.spent)} questions",
            ("clients", "median ms", "95th percentile ms", "most ms", "questions/s", "errors"),
            [
                (
                    CLIENTS,
                    many.times.median,
                    many.times.p95,
                    max(many.times.spent),
                    len(many.times.spent) / many.seconds,
                    len(many.errors),
                )
            ],
            [
                target("95th percentile ms", many.times.p95, 1_000, most=True),
                target("errors", len(many.errors), 0, most=True),
            ],
        ),
    ]


def _paged(searcher: Searcher, questions: Sequence[Question], level: Level, sort: str) -> Times:
    times = Times()
    for question in questions:
        page = replace(question.request, level=level, sort=(sort,), facets=PAGE, facet_limit=50)
        times.take(lambda _, page=page: searcher.run(page), question)  # type: ignore[misc]
    return times


def checked(rows: duckdb.DuckDBPyConnection, lake: Path, number: int) -> Table:
    """Totals and two facets of random questions, each compared with DuckDB's; and what exact totals alone take."""
    times, large = Times(), Times()
    with Lake.open(lake) as opened:
        searcher = Searcher(opened)
        for question in idc_questions.questions(rows, number, SEEDS["checked"], facets=2):
            exact = replace(question, request=replace(question.request, totals="exact"))
            alone = replace(exact.request, facets=())
            found = times.take(lambda _, alone=alone: searcher.run(alone), question)  # type: ignore[misc]
            if found["totals"]["series"] > 100_000:  # type: ignore[index]
                large.spent.append(times.spent[-1])
            idc_questions.check(searcher.run(exact.request), exact, rows)
    named = [("all", times), ("of more than 100,000 series", large)]
    return Table(
        f"{number} random questions: totals and facet counts are those that DuckDB counts; exact totals alone",
        ("questions", "number", "median ms", "95th percentile ms", "most ms"),
        [(name, len(one.spent), one.median, one.p95, max(one.spent)) for name, one in named if one.spent],
        [target("95th percentile ms of exact totals", times.p95, 300, most=True)],
    )


def _questions(rows: duckdb.DuckDBPyConnection, number: int, seed: int) -> Iterator[Question]:
    return idc_questions.questions(rows, number, seed, facets=FACETS, limit=HITS)


def ask(client: httpx.Client, question: Question) -> dict[str, object]:
    answer = client.post("/api/v1/search", json=asdict(question.request))
    answer.raise_for_status()
    found: dict[str, object] = answer.json()
    return found


def _bare_sql(rows: duckdb.DuckDBPyConnection, question: Question) -> object:
    """The same answer as rows of DuckDB: totals, facets, and the first hits in order of uid."""
    totals = rows.execute(idc_questions.totals_sql(question)).fetchall()
    facets = [rows.execute(idc_questions.facet_sql(question, name)).fetchall() for name in question.request.facets]
    hits = f"SELECT * FROM idc WHERE {question.condition} ORDER BY SeriesInstanceUID LIMIT {HITS}"
    return totals, facets, rows.execute(hits).fetchall()


@dataclass(slots=True)
class _Many:
    times: Times
    seconds: float
    errors: list[str]


def _at_once(address: str, questions: Sequence[Question]) -> _Many:
    waiting: SimpleQueue[Question] = SimpleQueue()
    for question in questions:
        waiting.put(question)
    found = _Many(Times(), 0.0, [])

    def work() -> None:
        with httpx.Client(base_url=address, timeout=30) as client:
            while True:
                try:
                    question = waiting.get_nowait()
                except Empty:
                    return
                try:
                    found.times.take(lambda asked: ask(client, asked), question)
                except httpx.HTTPError as error:
                    found.errors.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - started
    return found


@contextmanager
def serving(lake: Path, engine: str | None = None) -> Iterator[tuple[str, int]]:
    """The API process over a lake, with an engine where settings choose another: its address and process id."""
    chosen = ("--engine", engine) if engine else ()
    command = [*DICOMLAKE, "serve", "--data", str(lake), "--port", "0", "--no-ui", "--json", *chosen]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(command)} left with {process.wait()}")
        yield json.loads(line)["api"], process.pid
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
