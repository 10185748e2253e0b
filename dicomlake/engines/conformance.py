"""The public test class that every engine passes, and the strategies that compare it with the oracle.

An engine's own test module subclasses :class:`EngineConformance` and gives :meth:`~EngineConformance.engine`::

    class TestEmbedded(EngineConformance):
        @pytest.fixture
        def engine(self, tmp_path): ...

Needs pytest and Hypothesis, so nothing in the running program imports it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicomlake.engines.asking import EngineFactory
from dicomlake.engines.base import (
    EXACT_UP_TO,
    Engine,
    FacetPlan,
    Histogram,
    HistogramPlan,
    Level,
    Plan,
    Record,
    RecordLevel,
    Sort,
    Totals,
)
from dicomlake.engines.looks import LookConformance
from dicomlake.engines.oracle import OracleEngine
from dicomlake.engines.orders import OrderConformance
from dicomlake.engines.strategies import Change, histories, plans, record, series_record
from dicomlake.engines.traps import TrapConformance
from dicomlake.engines.turns import TurnConformance
from dicomlake.query.resolved import (
    Between,
    Has,
    InStudy,
    Match,
    MatchFolded,
    Not,
    Nothing,
    Resolved,
    Words,
)
from mappings.normal import fold, number_token, text_token

__all__ = ["EngineConformance", "EngineFactory", "everything"]

CASES = 2_000
"""Random searches over random histories of documents that an engine is compared over; a profile of Hypothesis may ask
for more, such as ``--hypothesis-profile=long``."""
SEARCHES = 5
"""Searches over one history: they cost less than its commits."""

LEVELS: tuple[RecordLevel, ...] = ("instance", "series")
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

_PLACES = (("1", "1.1", "P1"), ("2", "1.1", "P1"), ("3", "1.1", "P2"), ("4", "1.2", "ñ\x1f:x"))


def _bare(uid: str, study: str, patient: str) -> Record:
    return Record("series", uid, uid, study, patient, instances=3, size=1_000)


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


class EngineConformance(TrapConformance, LookConformance, OrderConformance, TurnConformance):
    """What every engine does. Subclasses give a fixture ``engine``: a factory for fresh, empty, writing engines.

    Explicit fields are ``COLUMNS`` of :mod:`dicomlake.engines.strategies`. ``cases``: random searches to compare; for
    an engine that is tested in several configurations fewer of each will do.
    """

    cases = CASES

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

    def test_what_its_encoder_wrote_is_found_like_what_is_put_whole(self, engine: EngineFactory) -> None:
        with engine() as lake:
            common = {"Modality": (text_token("CT"),), "KVP": (number_token(120),)}
            own = {"SeriesDescription": (text_token("Tórax"), text_token("chest")), "StudyDate": (text_token("x"),)}
            shared = lake.encoder.encode(common, {}, [*common, "Seq"])
            for uid in ("1.2.1", "1.2.2"):
                words = {"SeriesDescription": (("TORAX", uid),)}
                part = lake.encoder.encode(own, words, own)
                lake.put([replace(series_record(uid, SliceThickness=(number_token(1),)), encoded=(shared, part))])
            lake.commit()
            queries: list[Resolved] = [
                *(Match(path, tokens[:1]) for path, tokens in (common | own).items()),
                *(Has(path) for path in (*common, *own, "Seq", "SliceThickness")),
                MatchFolded("SeriesDescription", fold("TORAX")),
                Match("SliceThickness", (number_token(1),)),
                Words(None, ("TORAX", "1.2.2")),
            ]
            for query in queries:
                expected = ["1.2.2"] if isinstance(query, Words) else ["1.2.1", "1.2.2"]
                assert [hit.key for hit in lake.search(Plan(query=query)).hits] == expected, query

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

    def test_patients_are_told_by_study_and_series(self, engine: EngineFactory) -> None:
        with engine() as lake:
            assert lake.placed([]) == lake.placed(["1.1"]) == {}
            lake.put(
                [
                    *(series_record(uid, study, patient) for uid, study, patient in _PLACES),
                    *(record("instance", f"{uid}.{i}", uid, "1.1", f"P{i}", {}) for uid in ("2", "3") for i in (1, 2)),
                ]
            )
            lake.commit()
            lake.delete("series", ["2"])
            lake.put([series_record("5", "1.1", "uncommitted")])
            assert lake.placed(["1.1", "1.9"]) == {"1.1": {"1": {"P1"}, "2": {"P1", "P2"}, "3": {"P1", "P2"}}}
            lake.commit()
            assert lake.placed(["1.1", "1.2"]) == {
                "1.1": {"1": {"P1"}, "2": {"P1", "P2"}, "3": {"P1", "P2"}, "5": {"uncommitted"}},
                "1.2": {"4": {"ñ\x1f:x"}},
            }

    def test_a_commit_changes_the_generation_and_nothing_else_does(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1")])
            first = lake.commit()
            assert lake.refresh() == first == lake.search(Plan()).generation
            lake.put([series_record("1.2.2")])
            assert lake.commit() != first

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

    def test_any_number_of_hits_can_be_left_out(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put(
                [
                    series_record(f"1.2.{i:02}", f"1.{i % 7}", KVP=(number_token(i % 5), number_token(i % 2)))
                    for i in range(30)
                ]
            )
            lake.commit()
            levels: tuple[Level, ...] = ("series", "study")
            for level in levels:
                plan = Plan(level=level, sort=(Sort("KVP", True),), limit=1_000)
                whole = [hit.key for hit in lake.search(plan).hits]
                for start in (None, 2):
                    begun = plan if start is None else replace(plan, after=lake.place(plan, start))
                    for skip in range(1, len(whole) - (start or 0) + 2):
                        left, place = whole[(start or 0) + skip :], lake.place(begun, skip)
                        assert (place is None) == (not left)
                        if place is not None:
                            assert [hit.key for hit in lake.search(replace(plan, after=place)).hits] == left

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

    def test_a_facet_of_one_series_with_more_values_than_an_aggregation_holds_is_exact(
        self, engine: EngineFactory
    ) -> None:
        with engine() as lake:
            lake.put([series_record("1.2.1", KVP=tuple(map(number_token, range(66_000))))])
            lake.put([series_record("1.2.2", KVP=(number_token(65_999),))])
            lake.commit()
            counts = lake.search(Plan(facets=(FacetPlan("KVP", limit=100_000),), limit=0)).facets[0].counts
            assert len(counts) == 66_000
            assert (counts[0].token, counts[0].count) == (number_token(65_999), 2)

    def test_a_histogram_counts_a_document_once_in_every_bin_it_has_a_value_in(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put(
                [
                    series_record("1.2.1", KVP=tuple(number_token(value) for value in (80, 90, 120))),
                    series_record("1.2.2", KVP=(number_token(100),)),
                    series_record("1.2.3", KVP="bad"),
                    series_record("1.2.4"),
                ]
            )
            lake.commit()
            edges = tuple(number_token(value) for value in (80, 100, 120, 140))
            found = lake.search(Plan(histograms=(HistogramPlan("KVP", "n", edges=edges),), limit=0)).histograms[0]
            bounds = number_token(80), number_token(120)
            assert found == Histogram("KVP", (1, 1, 1), *bounds, matching=4, valued=2, missing=1)

    def test_a_histogram_over_very_many_values_is_exact(self, engine: EngineFactory) -> None:
        with engine() as lake:
            values = [tuple(number_token(i * 250 + j) for j in range(250)) for i in range(48)]
            lake.put([series_record(f"1.2.{i}", KVP=v) for i, v in enumerate(values)])
            lake.put([series_record("1.3.1", KVP=(number_token(-0.5),))])
            lake.commit()
            edges = tuple(number_token(value) for value in (-1, 0, 6_000.5, 12_000))
            found = lake.search(Plan(histograms=(HistogramPlan("KVP", "n", edges=edges),), limit=0)).histograms[0]
            assert found.counts == (1, 25, 24)
            assert (found.low, found.high) == (number_token(-0.5), number_token(11_999))

    def test_added_documents_are_found_kept_and_can_be_replaced(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.add([series_record("1.2.1", Modality="CT"), series_record("1.2.2", "1.3", Modality="CT")])
            assert lake.search(Plan()).hits == ()
            lake.commit()
            assert lake.search(Plan(query=Match("Modality", ("sCT",)))).totals == Totals(1, 2, 2, 6, 2_000)
            assert lake.kept(["1.2.1"]) == {"1.2.1": b"kept 1.2.1"}
            lake.put([series_record("1.2.1", Modality="MR")])
            lake.commit()
            assert [hit.key for hit in lake.search(Plan(query=Match("Modality", ("sCT",)))).hits] == ["1.2.2"]

    def test_fast_totals_are_exact_or_close_and_named(self, engine: EngineFactory) -> None:
        number = EXACT_UP_TO + 500
        with engine() as lake:
            lake.add(_bare(f"1.2.{place}", f"1.{place // 3}", f"P{place // 7}") for place in range(number))
            lake.add([series_record("1.3.1", "1.0", "P0", Modality="CT")])
            lake.commit()
            exact = Totals(-(-number // 7), -(-number // 3), number + 1, 3 * (number + 1), 1_000 * (number + 1))
            for _ in range(2):
                found = lake.search(Plan(limit=0, fast=True))
                assert found.totals is not None
                assert set(found.approximate) <= {"patients", "studies"}
                for name in ("patients", "studies", "series", "instances", "bytes"):
                    close = 0.01 if name in found.approximate else 0
                    assert getattr(found.totals, name) == pytest.approx(getattr(exact, name), rel=close, abs=0)
                whole = lake.search(Plan(limit=0))
                assert (whole.totals, whole.approximate) == (exact, ())
            few = lake.search(Plan(query=Match("Modality", ("sCT",)), fast=True))
            assert (few.totals, few.approximate) == (Totals(1, 1, 1, 3, 1_000), ())

    def test_in_study_asks_for_another_series(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put(
                [
                    series_record("1.2.1", "1.1", Modality="PT"),
                    series_record("1.2.2", "1.1", Modality="CT"),
                    series_record("1.2.3", "1.3", Modality="CT"),
                    series_record("1.2.4", "1.4", Modality="CT"),
                    series_record("1.2.5", "1.4", Modality="CT"),
                    record("instance", "1.9.1", "1.2.1", "1.1", "P1", {}),
                    record("instance", "1.9.2", "1.2.2", "1.1", "P1", {}),
                ]
            )
            lake.commit()

            def keys(level: Level, query: Resolved) -> list[str]:
                return [hit.key for hit in lake.search(Plan(level=level, query=query)).hits]

            ct = Match("Modality", ("sCT",))
            assert keys("series", InStudy(ct)) == ["1.2.1", "1.2.4", "1.2.5"]
            assert keys("series", Not(InStudy(ct))) == ["1.2.2", "1.2.3"]
            assert keys("study", InStudy(ct)) == ["1.1", "1.4"]
            assert keys("instance", InStudy(ct)) == ["1.9.1"]
            assert keys("series", InStudy(Nothing())) == []

    def test_answers_equal_the_oracles(self, engine: EngineFactory) -> None:
        """Any documents, updates and deletes, any search. One index for all, so that what was deleted lies about."""
        with engine() as lake:
            self._compare(lake)

    def _compare(self, lake: Engine) -> None:
        cases = self.cases if self.cases < CASES else max(CASES, settings().max_examples)

        @settings(max_examples=cases // SEARCHES, deadline=None, suppress_health_check=_SLOW)
        @given(history=histories, searches=st.lists(plans(), min_size=SEARCHES, max_size=SEARCHES))
        def compare(history: list[Change], searches: list[Plan]) -> None:
            for level in LEVELS:
                lake.delete(level, [member.uid for member in lake.scan(level)])
            oracle = OracleEngine()
            for change in history:
                for one in (lake, oracle):
                    change.make(one)
            for plan in searches:
                expected, found = oracle.search(plan), lake.search(plan)
                assert found.totals == expected.totals
                assert found.facets == expected.facets
                assert found.histograms == expected.histograms
                assert list(everything(lake, plan)) == list(everything(oracle, plan))
                assert lake.place(plan, 2) == oracle.place(plan, 2)
            for level in LEVELS:
                assert sorted(lake.scan(level), key=str) == sorted(oracle.scan(level), key=str)

        compare()
