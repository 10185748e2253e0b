"""One commit on the server, how it is asked, and what is remembered of it until the next.

The server holds a commit open as a *point in time* of each index; it lets go of one that nobody has used for a while.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from dicomlake.engines import budget
from dicomlake.engines.base import RecordLevel
from dicomlake.engines.kept import Kept
from dicomlake.engines.opensearch.client import Client, Pauses, told
from dicomlake.engines.opensearch.compile import Compiler, Dsl
from dicomlake.engines.opensearch.indices import Kind
from dicomlake.engines.opensearch.joined import joined
from dicomlake.engines.opensearch.lines import Answer, Job, Line, T, dumped
from dicomlake.engines.opensearch.schema import Layout, Place
from dicomlake.engines.opensearch.state import Commit
from dicomlake.engines.opensearch.studies import beside
from dicomlake.errors import CursorExpiredError, DicomlakeError, EngineAwayError, EngineError
from dicomlake.query.resolved import Resolved

KEPT_SECONDS: Final = 900
"""How long the server holds a commit open that nobody asks."""

KEEP_ALIVE: Final = f"{KEPT_SECONDS}s"

LINES: Final = 200
"""Searches of one request."""

_LEAVING: Final = 0.5
"""Seconds that a search waits for the others to notice that a node has left."""

_BESIDE: Final = 16
"""Conditions of ``in_study`` whose answers are remembered."""

_REMEMBERED: Final = 1_000
_LARGEST: Final = 2_000
"""Buckets of an answer that is remembered."""

_VALUES: Final = 500_000
"""Tokens of all paths whose counts are remembered."""


class Pit:
    """A point in time of an index; the server is told when nobody uses it any more."""

    def __init__(self, name: str, unused: Callable[[str], object]) -> None:
        self.name = name
        weakref.finalize(self, unused, name).atexit = False


class Snapshot:
    """The indices as of one commit, for any thread. ``commit`` names it, ``reopened`` gives another point in time of
    the same commit; it raises CursorExpiredError when there is none."""

    def __init__(
        self,
        client: Client,
        layout: Layout,
        commit: Commit,
        pits: Mapping[Kind, Pit],
        shards: int,
        reopened: Callable[[Commit, Kind], Pit],
    ) -> None:
        self.layout = layout
        self.commit = commit
        self.pits = dict(pits)
        self.shards = shards
        self._client = client
        self._reopened = reopened
        self._answers: Kept[bytes, Answer] = Kept(_REMEMBERED, _REMEMBERED * _LARGEST)
        self._lock = threading.Lock()
        self.present: dict[RecordLevel, dict[str, int]] = {}
        """Documents that have each path, once they have been counted."""
        self.tables: Kept[tuple[Kind, str], Mapping[str, int]] = Kept(_REMEMBERED, _VALUES)
        """How many documents have each token of a path, of paths that have not too many."""
        self.mixed: dict[tuple[Kind, str, str], bool] = {}
        """Whether a path has tokens of other types than one, once that has been asked."""
        self._studies: dict[Resolved, Dsl] = {}

    @property
    def compiler(self) -> Compiler:
        """What compiles for this commit. Not kept: a cycle would keep the commit open until it is collected."""
        return Compiler(self.layout, self._beside)

    @property
    def generation(self) -> str:
        """The name of the commit."""
        return self.commit.generation

    def compile(self, query: Resolved) -> Dsl:
        """A condition as the server takes it."""
        return self.compiler.compile(query)

    def place(self, path: str) -> Place:
        """Where the tokens of a path are."""
        return self.layout.place(path)

    def _beside(self, part: Resolved) -> Dsl:
        found = self._studies.get(part)
        if found is None:
            found = self.run(beside(self.compile(part)))
            if len(self._studies) >= _BESIDE:
                self._studies.clear()
            self._studies[part] = found
        return found

    def run(self, job: Job[T]) -> T:
        """The result of one job."""
        found: T = self.together([job])[0]
        return found

    def together(self, jobs: Iterable[Job[Any]]) -> list[Any]:
        """The results of all jobs, each round of them one request."""
        running = dict(enumerate(jobs))
        results: list[Any] = [None] * len(running)
        asked = {number: _next(job, None) for number, job in running.items()}
        while asked:
            lines: dict[int, Sequence[Line]] = {}
            for number, (wanted, result) in asked.items():
                if wanted is None:
                    results[number] = result
                else:
                    lines[number] = wanted
            answers = iter(self.ask([line for wanted in lines.values() for line in wanted]) if lines else ())
            asked = {
                number: _next(running[number], [next(answers) for _ in wanted]) for number, wanted in lines.items()
            }
        return results

    def ask(self, lines: Sequence[Line], *, again: bool = True) -> list[Answer]:
        """The answers to searches, in their order. ``again``: when the server has let go of the commit, ask what it has
        of the same one now, in which documents may be stored in another order."""
        keys = [line.kind.encode() + dumped(line.body) for line in lines]
        known = {key: found for key in keys if (found := self._answers.get(key)) is not None}
        missing = {key: line for key, line in zip(keys, lines, strict=True) if key not in known}
        listed = list(missing.items())
        for start in range(0, len(listed), LINES):
            part = listed[start : start + LINES]
            searches = joined([line for _, line in part])
            answered = self._asked([search.line for search in searches], again)
            for search, whole in zip(searches, answered, strict=True):
                for number, answer in search.answers(whole):
                    key, line = part[number]
                    known[key] = answer
                    if line.body.get("size") == 0 and (size := _size(answer)) <= _LARGEST:
                        self._answers.put(key, answer, size)
        return [known[key] for key in keys]

    def _asked(self, lines: Sequence[Line], again: bool) -> list[Answer]:
        budget.check()
        try:
            answers = self._sent(lines)
        except (CursorExpiredError, EngineAwayError) as error:
            if not again or not _elsewhere(error):
                raise
            answers = None
        if answers is None and again:
            answers = self._sent_anew(lines)
        if answers is None:
            raise EngineAwayError("a part of the index does not answer; ask again when all nodes run")
        return answers

    def _sent_anew(self, lines: Sequence[Line]) -> list[Answer] | None:
        """The answers of other nodes, which may have the same commit. A node that leaves can spoil this once more."""
        pauses = Pauses(_LEAVING)
        while True:
            try:
                for kind in {line.kind for line in lines}:
                    pit = self._reopened(self.commit, kind)
                    with self._lock:
                        self.pits[kind] = pit
                answers = self._sent(lines)
            except EngineAwayError:
                if not pauses.wait():
                    raise
            else:
                if answers is not None or not pauses.wait():
                    return answers

    def _sent(self, lines: Sequence[Line]) -> list[Answer] | None:
        """The answers; None when the node of a part of the index is away."""
        pits = {kind: {"id": pit.name, "keep_alive": KEEP_ALIVE} for kind, pit in self.pits.items()}
        bodies = [part for line in lines for part in (b"{}", dumped({**line.body, "pit": pits[line.kind]}))]
        answers: list[Answer]
        if len(lines) == 1:
            # A lone search is a little quicker by itself.
            answers = [self._client.call("POST", "/_search", bodies[1])]
        else:
            # Whole answers: to filter them costs the server more than to write them, for each value that is counted.
            answers = self._client.call("POST", "/_msearch", b"\n".join(bodies) + b"\n")["responses"]
        for answer in answers:
            if "error" in answer:
                raise told("the server", answer.get("status", 500), answer)
            if answer["timed_out"]:
                raise EngineError("a part of the index did not answer in time; ask again later")
        return None if any(answer["_shards"]["failed"] for answer in answers) else answers


def _next(job: Job[T], answers: Sequence[Answer] | None) -> tuple[Sequence[Line] | None, T | None]:
    """What a job asks for next, or its result."""
    try:
        return (next(job) if answers is None else job.send(answers)), None
    except StopIteration as done:
        return None, done.value


def _elsewhere(error: DicomlakeError) -> bool:
    """Whether another node may be able to answer: this one let go, or there is no way to it; but it is not too busy."""
    return isinstance(error, CursorExpiredError) or error.details.get("server_status") in (502, 503, 504)


def _size(answer: Answer) -> int:
    """Buckets of an answer, or what else is listed in it."""
    found = answer.get("aggregations", {}).values()
    listed = [value for one in found if isinstance(value := one.get("value"), list)]
    return (
        1 + sum(len(one.get("buckets", ())) for one in found) + sum(len(part) for one in listed for part in chain(*one))
    )
