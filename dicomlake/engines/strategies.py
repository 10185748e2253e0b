"""Hypothesis strategies: awkward records, queries and plans over few paths, studies and patients."""

from dataclasses import dataclass

from hypothesis import strategies as st

from dicomlake.engines.base import Engine, FacetPlan, HistogramPlan, Level, Plan, Record, RecordLevel, Sort
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
    InStudy,
    Like,
    Match,
    MatchFolded,
    Not,
    Nothing,
    Resolved,
    Wild,
    WordLike,
    Words,
)
from mappings.normal import fold, moment_token, number_token, text_token, words

COLUMNS = ("Modality", "Manufacturer.canonical", "SliceThickness", "StudyDate")
"""Paths the engine under test may keep in explicit fields; all others are open."""

ODD_PATHS = (
    '(0029,"ODD.\\ "" %2E\x01CRE*TOR",10)',
    '(0029,"a.b",10)',
    '(0029,"a%2Eb",10)',
    '(0029,"A.B",10)',
    'Seq.(0029,"a.b",10)',
    '(0029,"[x TO y] (z) {q}: AND NOT /r/ ^2~",10)',
    '(0029,"Größe 日本\u0301 \x1f\x00\n\t",10)',
    '(0029,"",1010).(0029,"\'",10).KVP',
    "KVP.canonical",
    "kvp",
    ".".join([*["ReferencedSeriesSequence"] * 12, "KVP"]),
)
"""Names that engines may take for structure, and names that become one another when they are escaped badly."""

PATHS = (
    *COLUMNS,
    "SeriesDescription",
    "KVP",
    'Seq.(0019,"SIEMENS MR HEADER",0C)',
    *ODD_PATHS[:3],
    "RequestAttributesSequence.ScheduledProcedureStepDescription",
)
TEXT_PATHS = ("SeriesDescription", "RequestAttributesSequence.ScheduledProcedureStepDescription")
SPECIAL_TEXTS = (
    *("CT", "ct", "MR", "GE MEDICAL SYSTEMS", "Siemens", "García", "GARCIA", "Straße", "STRASSE", "ﬁn", "İ", "日本語"),
    *("a*b", "a?b", "\\", '"', "2019-01-01T00:00:00Z", "5", "5.0", "true", "null", "", " ", "low dose", "dose low"),
    *("[a TO b]", "NOT", "a\nb", "n8000000000000000", "\x1f", "str:x", "x" * 9_000, "x" * 9_001, "é" * 5_000),
    *(
        "½" * 4_000,
        "x" * 40_000,
        "x" * 65_530,
        "e\u0301",
        "É",
        "ΣΊΣΥΦΟΣ",
        "ς",
        "ı",
        "ŉ",
        "y" * 256,
        "y" * 300,
        "\u2028",
        "a\u00a0b",
    ),
)


def series_record(uid: str, /, study: str = "1.1", patient: str = "P1", **tokens: tuple[str, ...] | str) -> Record:
    """A series with these tokens (a lone text becomes its token); paths with signs go in through ``replace``."""
    full = {path: (text_token(value),) if isinstance(value, str) else value for path, value in tokens.items()}
    return record("series", uid, uid, study, patient, full)


def record(
    level: RecordLevel, uid: str, series: str, study: str, patient: str, tokens: dict[str, tuple[str, ...]]
) -> Record:
    """A record whose words and present paths follow from its tokens."""
    texts = {
        path: tuple(tuple(words(t[1:])) for t in tokens[path] if t[0] == "s") for path in TEXT_PATHS if path in tokens
    }
    return Record(
        level=level,
        uid=uid,
        series=series,
        study=study,
        patient=patient,
        instances=1 if level == "instance" else 3,
        size=1_000,
        tokens={path: tuple(sorted(set(values))) for path, values in tokens.items()},
        words={path: tuple(v for v in values if v) for path, values in texts.items() if any(values)},
        present=frozenset(path for path, values in tokens.items() if values),
        shown=uid.encode(),
        kept=b"kept " + uid.encode() if level == "series" else b"",
    )


def _special(number: int) -> str:
    return SPECIAL_TEXTS[number]


_texts = st.one_of(
    st.integers(0, len(SPECIAL_TEXTS) - 1).map(_special),  # by number: a strategy's name holds what it chooses from
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
_numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 0.0, -0.0, 1, 1.0, 1.5, 2**53, 2**53 + 1, -1, 1e308, 5e-324]),
    st.integers(0, 5),
)
_moments = st.builds(
    moment_token, st.sampled_from("dmt"), st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)
)
"""Of any day of the calendar."""
_tokens = st.one_of(_texts.map(text_token), _numbers.map(number_token), _moments)
_paths = st.sampled_from(PATHS)
_patterns = st.lists(
    st.one_of(
        st.booleans().map(Wild),
        st.one_of(st.sampled_from(["C", "A", "*", "é", "DOSE"]), _texts.filter(lambda t: len(t) < 50)).map(fold),
    ),
    max_size=4,
).map(tuple)
_word = st.sampled_from(["LOW", "DOSE", "GARCIA", "CT", "X", "A", "B", "N8000000000000000", "Y" * 255, "日本語"])


@st.composite
def _betweens(draw: st.DrawFn) -> Between:
    token = draw(st.one_of(_numbers.map(number_token), _moments))
    other = draw(st.one_of(_numbers.map(number_token), _moments).filter(lambda t: t[0] == token[0]))
    low, high = sorted((token, other))
    return Between(
        draw(_paths),
        token[0],
        draw(st.sampled_from([low, None])),
        draw(st.sampled_from([high, None])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


_conditions: st.SearchStrategy[Resolved] = st.one_of(
    st.just(Everything()),
    st.just(Nothing()),
    _paths.map(Has),
    st.builds(Match, _paths, st.lists(_tokens, max_size=3).map(tuple)),
    st.builds(MatchFolded, _paths, _texts.map(fold)),
    _betweens(),
    st.builds(Like, _paths, _patterns),
    st.builds(Words, st.sampled_from([None, *TEXT_PATHS]), st.lists(_word, max_size=2).map(tuple)),
    st.builds(WordLike, st.sampled_from([None, *TEXT_PATHS]), _patterns),
)
queries: st.SearchStrategy[Resolved] = st.recursive(
    _conditions,
    lambda parts: st.one_of(
        st.builds(All, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Any_, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
        st.builds(InStudy, parts),
    ),
    max_leaves=6,
)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Up to eight instances and series over few studies and patients, with awkward values."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        level: RecordLevel = draw(st.sampled_from(["series", "instance"]))
        uid = f"1.2.{draw(st.integers(0, 5))}"
        tokens = draw(st.dictionaries(_paths, st.lists(_tokens, max_size=4).map(tuple), max_size=5))
        study, patient = f"1.{draw(st.integers(1, 3))}", draw(st.sampled_from(["P1", "P2", "ñ\x1f"]))
        found.append(record(level, uid, uid if level == "series" else "1.2.9", study, patient, tokens))
    return found


@dataclass(frozen=True)
class Change:
    """What goes into one commit, in this order; what was put may be put again or deleted in the same one."""

    deleted: tuple[tuple[RecordLevel, str], ...]
    put: list[Record]
    deleted_after: tuple[tuple[RecordLevel, str], ...]

    def make(self, engine: Engine) -> None:
        """Carry it out and commit."""
        for before, after in ((self.deleted, False), (self.deleted_after, True)):
            if after:
                engine.put(self.put)
            for level, uid in before:
                engine.delete(level, [uid])
        engine.commit()


_keys = st.lists(
    st.tuples(st.sampled_from(("series", "instance")), st.integers(0, 5).map("1.2.{}".format)), max_size=3
).map(tuple)
histories: st.SearchStrategy[list[Change]] = st.lists(
    st.builds(Change, _keys, records(), _keys), min_size=1, max_size=3
)
"""Inserts, updates and deletes with commits in between."""


@st.composite
def _histograms(draw: st.DrawFn) -> HistogramPlan:
    letter = draw(st.sampled_from("ndmt"))
    moments = st.integers(-(10**17), 10**17).map(lambda at: moment_token(letter, at))
    values = _numbers.map(number_token) if letter == "n" else moments
    edges = draw(st.lists(values, max_size=5, unique=True))
    return HistogramPlan(draw(_paths), letter, draw(queries), tuple(sorted(edges)) if len(edges) > 1 else ())


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A search at any level with facets, up to two sort paths and a small page."""
    level: Level = draw(st.sampled_from(["instance", "series", "study", "patient"]))
    facet = st.builds(
        FacetPlan,
        _paths,
        queries,
        st.sampled_from([1, 3, 1_000]),
        st.lists(st.one_of(_tokens, st.none()), max_size=2).map(tuple),
    )
    histograms = tuple(draw(st.lists(_histograms(), max_size=1)))
    letters = st.sampled_from([None, *"ndmt"])
    sorts = st.lists(st.builds(Sort, _paths, st.booleans(), letters), max_size=2, unique_by=lambda sort: sort.path)
    facets = tuple(draw(st.lists(facet, max_size=2)))
    return Plan(level, draw(queries), facets, histograms, tuple(draw(sorts)), limit=2, fast=draw(st.booleans()))
