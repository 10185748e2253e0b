"""The public test class that every engine passes, and the strategies that compare it with the oracle.

An engine's own test module subclasses :class:`EngineConformance` and gives :meth:`~EngineConformance.engine`::

    class TestEmbedded(EngineConformance):
        @pytest.fixture
        def engine(self, tmp_path): ...

Needs pytest and Hypothesis, so nothing in the running program imports it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomlake.engines.base import Engine, FacetPlan, Level, Plan, Record, RecordLevel, Sort, Totals
from dicomlake.engines.oracle import OracleEngine
from dicomlake.query.resolved import (
    All,
    Any_,
    Between,
    Everything,
    Has,
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

PATHS = (
    *COLUMNS,
    "SeriesDescription",
    "KVP",
    'Seq.(0019,"SIEMENS MR HEADER",0C)',
    '(0029,"ODD.\\ "" %2E\x01CRE*TOR",10)',
    "RequestAttributesSequence.ScheduledProcedureStepDescription",
)
TEXT_PATHS = ("SeriesDescription", "RequestAttributesSequence.ScheduledProcedureStepDescription")
SPECIAL_TEXTS = (
    *("CT", "ct", "MR", "GE MEDICAL SYSTEMS", "Siemens", "García", "GARCIA", "Straße", "STRASSE", "ﬁn", "İ", "日本語"),
    *("a*b", "a?b", "\\", '"', "2019-01-01T00:00:00Z", "5", "5.0", "true", "null", "", " ", "low dose", "dose low"),
    *("[a TO b]", "NOT", "a\nb", "n8000000000000000", "\x1f", "str:x", "x" * 9_000, "x" * 9_001, "é" * 5_000),
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


_texts = st.one_of(st.sampled_from(SPECIAL_TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
_numbers = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 0.0, -0.0, 1, 1.0, 1.5, 2**53, 2**53 + 1, -1, 1e308, 5e-324]),
    st.integers(0, 5),
)
_moments = st.builds(moment_token, st.sampled_from("dmt"), st.integers(-(10**17), 10**17))
_tokens = st.one_of(_texts.map(text_token), _numbers.map(number_token), _moments)
_paths = st.sampled_from(PATHS)
_patterns = st.lists(
    st.one_of(
        st.booleans().map(Wild),
        st.one_of(st.sampled_from(["C", "A", "*", "é", "DOSE"]), _texts.filter(lambda t: len(t) < 50)).map(fold),
    ),
    max_size=4,
).map(tuple)
_word = st.sampled_from(["LOW", "DOSE", "GARCIA", "CT", "X"])


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
    sorts = st.lists(st.builds(Sort, _paths, st.booleans()), max_size=2, unique_by=lambda sort: sort.path)
    return Plan(level, draw(queries), tuple(draw(st.lists(facet, max_size=2))), tuple(draw(sorts)), limit=2)


EngineFactory = Callable[[], AbstractContextManager[Engine]]


def everything(engine: Engine, plan: Plan) -> Iterator[tuple[object, ...]]:
    """All hits of a plan page by page; fails when paging does not come to an end."""
    for _ in range(200):
        found = engine.search(plan)
        for hit in found.hits:
            yield hit.key, hit.members, hit.place
        if found.after is None:
            return
        plan = replace(plan, after=found.after)
    raise AssertionError("paging does not end")


class EngineConformance:
    """What every engine does. Subclasses give a fixture ``engine``: a factory for fresh, empty, writing engines.

    Explicit fields are :data:`COLUMNS`.
    """

    @pytest.fixture
    def engine(self) -> EngineFactory:
        """A context manager factory; each call gives an empty engine."""
        raise NotImplementedError("the subclass gives the engine")

    def test_committed_documents_are_found_and_uncommitted_are_not(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1", Modality="CT")])
            assert lake.search(Plan()).hits == ()
            lake.commit()
            assert [hit.key for hit in lake.search(Plan()).hits] == ["1.2.1"]

    def test_put_replaces_and_delete_removes(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1", Modality="CT"), series_record("1.2.1", Modality="MR")])
            lake.commit()
            lake.put([series_record("1.2.1", Modality="US")])
            lake.commit()
            assert lake.search(Plan(query=Match("Modality", ("sUS",)))).totals == Totals(1, 1, 1, 3, 1_000)
            assert lake.search(Plan(query=Match("Modality", ("sCT", "sMR")))).totals == Totals()
            lake.delete("series", ["1.2.1", "1.2.404"])
            lake.delete("instance", ["1.2.1"])
            lake.commit()
            assert lake.search(Plan()).totals == Totals()
            assert lake.kept(["1.2.1"]) == {}

    def test_the_same_uid_at_two_levels_is_two_documents(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1"), record("instance", "1.2.1", "1.2.1", "1.1", "P1", {})])
            lake.commit()
            assert (lake.stats().series, lake.stats().instances) == (1, 1)
            lake.delete("instance", ["1.2.1"])
            lake.commit()
            assert (lake.stats().series, lake.stats().instances) == (1, 0)

    def test_get_kept_and_scan_give_back_what_was_put(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record(f"1.2.{i}") for i in range(5)])
            lake.commit()
            assert lake.kept(["1.2.3", "1.2.404"]) == {"1.2.3": b"kept 1.2.3"}
            assert lake.get("series", ["1.2.3", "1.2.404"])["1.2.3"].shown == b"1.2.3"
            assert lake.get("instance", ["1.2.3"]) == {}
            assert sorted(member.uid for member in lake.scan("series")) == [f"1.2.{i}" for i in range(5)]

    def test_a_commit_changes_the_generation_and_nothing_else_does(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1")])
            first = lake.commit()
            assert lake.refresh() == first == lake.search(Plan()).generation
            lake.put([series_record("1.2.2")])
            assert lake.commit() != first

    def test_negation_alone_matches_the_rest(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1", Modality="CT"), series_record("1.2.2", KVP=(number_token(120),))])
            lake.commit()
            assert [hit.key for hit in lake.search(Plan(query=Not(Match("Modality", ("sCT",))))).hits] == ["1.2.2"]
            assert [hit.key for hit in lake.search(Plan(query=Not(Has("Modality")))).hits] == ["1.2.2"]

    def test_numbers_match_across_integers_and_floats(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record(f"1.2.{i}", KVP=(number_token(v),)) for i, v in enumerate([1, 1.5, 2, 2**53 + 1])])
            lake.commit()

            def keys(query: Resolved) -> list[str]:
                return [hit.key for hit in lake.search(Plan(query=query)).hits]

            assert keys(Match("KVP", (number_token(1.0),))) == ["1.2.0"]
            between = Between("KVP", "n", number_token(1), number_token(2.0), include_low=False)
            assert keys(between) == ["1.2.1", "1.2.2"]
            assert keys(Between("KVP", "n", number_token(2**53), None, include_low=False)) == ["1.2.3"]

    def test_every_page_of_every_level_is_reached_once(self, engine: EngineFactory) -> None:
        with engine() as lake:
            series = [
                series_record(
                    f"1.2.{i:03}", f"1.{i % 7}", f"P{i % 3}", KVP=tuple({number_token(i % 5), number_token(i % 2)})
                )
                for i in range(60)
            ]
            lake.put([replace(one, tokens={}) if i % 11 == 0 else one for i, one in enumerate(series)])
            lake.commit()
            oracle = OracleEngine()
            oracle.put([replace(one, tokens={}) if i % 11 == 0 else one for i, one in enumerate(series)])
            oracle.commit()
            levels: tuple[Level, ...] = ("series", "study", "patient")
            for level in levels:
                for sorts in ((), (Sort("KVP"),), (Sort("KVP", True), Sort("Modality"))):
                    plan = Plan(level=level, sort=sorts, limit=4)
                    assert list(everything(lake, plan)) == list(everything(oracle, plan))

    def test_an_unchanged_document_is_not_skipped_or_repeated_while_others_change(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record(f"1.2.{i:02}", KVP=(number_token(i // 4),)) for i in range(0, 40, 2)])
            lake.commit()
            plan = Plan(sort=(Sort("KVP"),), limit=3)
            seen: list[str] = []
            for i in range(100):
                found = lake.search(plan)
                seen += [hit.key for hit in found.hits]
                if found.after is None:
                    break
                plan = replace(plan, after=found.after)
                lake.put([series_record(f"1.2.{(i * 7) % 40 | 1:02}", KVP=(number_token(i % 12),))])
                lake.commit()
            unchanged = [f"1.2.{i:02}" for i in range(0, 40, 2)]
            assert [uid for uid in seen if uid in set(unchanged)] == unchanged

    def test_facets_count_each_document_once_and_keep_selected_values(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put(
                [
                    series_record("1.2.1", Modality=("sCT", "sPT")),
                    series_record("1.2.2", Modality="CT"),
                    series_record("1.2.3"),
                ]
            )
            lake.commit()
            facet = FacetPlan("Modality", limit=1, selected=("sMR", None, "sCT"))
            found = lake.search(Plan(facets=(facet,), limit=0)).facets[0]
            assert [(c.token, c.count) for c in found.counts] == [("sCT", 2), ("sMR", 0), (None, 1)]
            assert found.more

    def test_a_facet_with_more_values_than_an_aggregation_holds_is_exact(self, engine: EngineFactory) -> None:
        with engine() as lake:
            values = [tuple(number_token(i * 700 + j) for j in range(700)) for i in range(96)]
            lake.put([series_record(f"1.2.{i}", KVP=v) for i, v in enumerate(values)])
            lake.put([series_record("1.2.999", KVP=(number_token(67_199),))])
            lake.commit()
            found = lake.search(Plan(facets=(FacetPlan("KVP", limit=100_000),), limit=0)).facets[0]
            assert len(found.counts) == 96 * 700
            assert (found.counts[0].token, found.counts[0].count) == (number_token(67_199), 2)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(documents=records(), later=records(), plan=plans())
    def test_answers_equal_the_oracles(
        self, engine: EngineFactory, documents: list[Record], later: list[Record], plan: Plan
    ) -> None:
        with engine() as lake:
            oracle = OracleEngine()
            for batch in (documents, later):
                for one in (lake, oracle):
                    one.put(batch)
                    one.delete("series", ["1.2.5"])
                    one.commit()
            expected, found = oracle.search(plan), lake.search(plan)
            assert found.totals == expected.totals
            assert found.facets == expected.facets
            assert list(everything(lake, plan)) == list(everything(oracle, plan))
