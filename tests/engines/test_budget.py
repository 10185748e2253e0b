"""A search keeps to its limits: what would cost too much is refused before, what takes too long between its parts."""

import time
from collections.abc import Callable, Iterator

import pytest

from dicomlake.engines.base import FacetPlan, HistogramPlan, Plan, Sort
from dicomlake.engines.budget import Limits, check, limited, take
from dicomlake.engines.embedded.engine import EmbeddedEngine
from dicomlake.engines.strategies import COLUMNS, series_record
from dicomlake.errors import AnswerSizeError, CostError, QueryError, TimeLimitError
from dicomlake.query.resolve import resolve
from dicomlake.query.resolved import All, Any_, Has, InStudy, Like, Not, Resolved, Wild, WordLike
from dicomlake.query.text import parse
from mappings.normal import number_token, text_token

SERIES = 600
PRIVATE = '(0019,"SIEMENS MR HEADER",0C)'
STAR = Wild(True)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    """Series with a value of their own in two fields, and one of three in another."""
    engine = EmbeddedEngine(tmp_path_factory.mktemp("budget") / "index", COLUMNS, write=True)
    for number in range(SERIES):
        tokens = {
            PRIVATE: (text_token(f"value {number}"),),
            "SeriesDescription": (text_token(f"word{number} axial"),),
            "Modality": (text_token(("CT", "MR", "PT")[number % 3]),),
            "KVP": (number_token(number),),
        }
        engine.put([series_record(f"1.2.{number}", f"1.{number // 4}", **tokens)])
    engine.commit()
    yield engine
    engine.close()


def infix(path: str, text: str = "1") -> Like:
    return Like(path, (STAR, text, STAR))


@pytest.mark.parametrize(
    "plan",
    [
        Plan(),
        Plan(limit=0),
        Plan(sort=(Sort("KVP"),), totals=False),
        Plan(facets=(FacetPlan("Modality"),), limit=0, totals=False),
        Plan(histograms=(HistogramPlan("KVP", "n"),), limit=0, totals=False),
        Plan("study", InStudy(Has("KVP"))),
    ],
)
def test_a_search_past_its_time_is_given_up_in_whatever_part_it_is(engine: EmbeddedEngine, plan: Plan) -> None:
    with limited(Limits(seconds=1e-9)), pytest.raises(TimeLimitError) as error:
        engine.search(plan)
    assert (error.value.status, error.value.details["seconds"]) == (422, 1e-9)
    assert "narrow it" in error.value.message
    engine.search(plan)  # the next one has limits of its own, or none


def test_time_is_looked_at_between_all_facets(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr("dicomlake.engines.budget.check", lambda: looks.append(time.monotonic()))
    engine.search(Plan(facets=tuple(FacetPlan(path) for path in ("Modality", "KVP", PRIVATE)), limit=0, totals=False))
    assert len(looks) >= 3


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        (infix(PRIVATE), False),
        (Any_((infix(PRIVATE), infix(PRIVATE, "2"), infix(PRIVATE, "3"))), True),
        (All((infix(PRIVATE), Not(infix("SeriesDescription")), InStudy(infix("KVP")))), True),
        (Any_(tuple(infix("Modality", str(number)) for number in range(100))), False),
        (Any_(tuple(WordLike(None, (str(number), STAR)) for number in range(15))), False),
        (Any_(tuple(WordLike(None, (str(number), STAR)) for number in range(50))), True),
        (infix('(0051,"NEVER",01)'), False),
    ],
)
@pytest.mark.parametrize("place", ["query", "facet", "histogram"])
def test_wildcards_over_too_many_values_are_refused_before_they_run(
    engine: EmbeddedEngine, query: Resolved, refused: bool, place: str
) -> None:
    plan = {
        "query": Plan(query=query),
        "facet": Plan(facets=(FacetPlan("Modality", query),)),
        "histogram": Plan(histograms=(HistogramPlan("KVP", "n", query),)),
    }[place]
    with limited(Limits(values=int(SERIES * 2.2))):
        if refused:
            with pytest.raises(CostError, match="are allowed"):
                engine.search(plan)
        else:
            engine.search(plan)
    engine.search(plan)  # without limits nothing is refused


def test_an_answer_has_an_end(engine: EmbeddedEngine) -> None:
    size = sum(len(f"1.2.{number}") for number in range(100))  # what these records show
    with limited(Limits(size=size)):
        engine.search(Plan(limit=10))
    with limited(Limits(size=size)), pytest.raises(AnswerSizeError, match="fewer hits") as error:
        engine.search(Plan(limit=500))
    assert error.value.details["bytes"] == size


def test_limits_hold_for_one_search_and_the_outer_ones_count() -> None:
    with limited(Limits(size=10)):
        take(6)
        with limited(Limits(size=1_000)), pytest.raises(AnswerSizeError):
            take(6)
    with limited(Limits(size=10)):
        take(6)
    with limited(None):
        take(10**12)
        check()


def test_a_pattern_too_complex_for_the_engine_is_refused_as_costly(engine: EmbeddedEngine) -> None:
    long = "1234567890" * 200
    with pytest.raises(CostError, match="too complex"):
        engine.search(Plan(query=Like(PRIVATE, (long, STAR))))


HOSTILE = [
    "SeriesDescription:*" + "*".join("abcdefghijklmnopqrstuvwxyz0123") + "*",
    f"{PRIVATE}:*" + "*".join("value 0123456789 value 01234") + "*",
    f"{PRIVATE}:" + "?*" * 16,
    f"{PRIVATE}:" + "*?" * 16,
    f"{PRIVATE}:" + "*a" * 31,
    f"{PRIVATE}:" + "?" * 32,
    "*" + "*".join("wordwordwordwordwordwordwordword"[:31]),
    " OR ".join(f"{PRIVATE}:*{number}*" for number in range(50)),
    " OR ".join(f"w*{number}" for number in range(100)),
    " OR ".join(f"KVP:[{number} TO *]" for number in range(400)),
    f"KVP:({' OR '.join(str(number) for number in range(500))})",
    f"{PRIVATE}:({' OR '.join(f'20190{number:03}' for number in range(500))})",
    f"{PRIVATE}:({' OR '.join('?' + 'x' * 300 for _ in range(30))})",
    f"{PRIVATE}:[1 TO 1e308]",
    "StudyDate:[0001 TO 9999]",
    "NOT " * 50 + "axial",
    "NOT (" * 25 + "axial" + ")" * 25,
    "(" * 50 + "axial" + ")" * 50,
    "(axial OR " * 49 + "x" + ")" * 49,
    "(axial AND NOT (x OR " * 20 + "x" + "))" * 20,
    "in_study(KVP:>1 OR " * 8 + "axial" + ")" * 8,
    " ".join(f"in_study(KVP:>{number})" for number in range(8)),
    "NOT in_study(NOT " * 8 + "axial" + ")" * 8,
    '"' + "axial " * 1_600 + '"',
    'SeriesDescription:"' + "axial " * 1_600 + '"',
    "axial " * 500,
    " OR ".join(f"w{number}" for number in range(500)),
    "_exists_:(" + " OR ".join(f'(0019,"X{number}",01)' for number in range(300)) + ")",
    f"{PRIVATE}:" + "x" * 9_900,
    f"{PRIVATE}:" + "x" * 9_900 + "*",
    "SeriesDescription:" + "½" * 9_900,
    "PatientName:" + "^" * 9_900,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[f"{text[:24]} {len(text)}" for text in HOSTILE])
def test_a_hostile_query_is_answered_or_refused_as_a_4xx_in_bounded_time(engine: EmbeddedEngine, text: str) -> None:
    started = time.monotonic()
    with limited(Limits(seconds=5)):
        outcome = _outcome(lambda: engine.search(Plan("study", resolve(parse(text)), facets=(FacetPlan("Modality"),))))
    assert outcome is None or (400 <= outcome.status < 500 and outcome.message.isprintable())
    assert time.monotonic() - started < 10


def _outcome(search: Callable[[], object]) -> QueryError | None:
    try:
        search()
    except QueryError as error:
        return error
    return None
