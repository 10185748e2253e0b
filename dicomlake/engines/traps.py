"""What search engines are known to get wrong, each as a test that every engine passes.

:class:`TrapConformance` is a part of :class:`~dicomlake.engines.conformance.EngineConformance`. Each test was written
for a fault that was seen in an engine; its docstring says which. What only one engine can get wrong is tested with it.
"""

from dataclasses import replace

import pytest

from dicomlake.engines.asking import ANY, ONE, EngineFactory, facet, filled, found
from dicomlake.engines.base import HistogramPlan, Plan, Sort
from dicomlake.engines.strategies import ODD_PATHS, series_record
from dicomlake.engines.traps_text import TextTraps
from dicomlake.query.resolved import All, Any_, Between, Has, Like, Match, MatchFolded, Not, Resolved, WordLike, Words
from mappings.normal import moment_token, number_token, text_token


class TrapConformance(TextTraps):
    """What an engine must not get wrong. Subclasses give the fixture ``engine``."""

    @pytest.fixture
    def engine(self) -> EngineFactory:
        """A context manager factory; each call gives an empty, writing engine."""
        raise NotImplementedError("the subclass gives the engine")

    @pytest.mark.parametrize("path", ODD_PATHS)
    def test_any_signs_in_a_path_work_in_every_operator(self, engine: EngineFactory, path: str) -> None:
        """Tantivy 1: dots in JSON keys are structure, and a range on an escaped one silently matched nothing."""
        with engine() as lake:
            others = [{other: [number_token(5), text_token("No")]} for other in ODD_PATHS if other != path]
            tokens = [number_token(5), text_token("Größe 7"), moment_token("d", 10**15)]
            filled(lake, {path: tokens}, {"KVP": [number_token(5)]}, *others)
            queries: list[Resolved] = [
                Has(path),
                Match(path, (number_token(5),)),
                MatchFolded(path, "GROSSE 7"),
                Between(path, "n", number_token(4), number_token(5.5)),
                Between(path, "d", None, None),
                Like(path, ("GR", ANY)),
                Words(path, ("GROSSE", "7")),
                WordLike(path, (ONE, "ROSSE")),
            ]
            for query in queries:
                assert found(lake, query) == [0], query
            assert facet(lake, path) == [(None, len(others) + 1), *((token, 1) for token in sorted(tokens))]
            assert found(lake, Has(path), Sort(path, True)) == [0]
            histogram = HistogramPlan(path, "n", edges=(number_token(0), number_token(10)))
            assert lake.search(Plan(histograms=(histogram,), limit=0)).histograms[0].counts == (1,)

    def test_a_range_may_have_one_integral_and_one_fractional_bound(self, engine: EngineFactory) -> None:
        """Tantivy 2: it panicked. Each end is in or out as asked."""
        with engine() as lake:
            filled(lake, *({"KVP": [number_token(value)]} for value in (0, 0.5, 1, 1.5, 2)))
            for low, high, opening, closing, expected in [
                (0, 1.5, True, True, [0, 1, 2, 3]),
                (0, 1.5, False, False, [1, 2]),
                (0.5, 2, True, False, [1, 2, 3]),
                (0.5, 2.0, False, True, [2, 3, 4]),
                (1, 1.0, True, True, [2]),
            ]:
                between = Between("KVP", "n", number_token(low), number_token(high), opening, closing)
                assert found(lake, between) == expected

    def test_a_range_is_met_by_one_value_not_by_two_on_either_side(self, engine: EngineFactory) -> None:
        """Tantivy 2: two half-ranges joined by AND match a document with a value below and one above."""
        with engine() as lake:
            filled(lake, {"KVP": [number_token(1), number_token(10)]}, {"KVP": [number_token(5)]})
            assert found(lake, Between("KVP", "n", number_token(2), number_token(9))) == [1]

    def test_values_stand_in_the_order_of_their_values(self, engine: EngineFactory) -> None:
        """Tantivy 3: terms of floats came integers first. Facets tie by value, hits sort by it."""
        with engine() as lake:
            numbers = [2, -1.5, 1e300, 0.25, -2, 10, -1e300, 9, 0, 2**53 + 1, 2**53]
            filled(lake, *({"KVP": [number_token(value)]} for value in numbers))
            in_order = [number_token(value) for value in sorted(numbers)]
            assert facet(lake, "KVP") == [(token, 1) for token in in_order]
            positions = [numbers.index(value) for value in sorted(numbers)]
            assert found(lake, Has("KVP"), Sort("KVP")) == positions
            assert found(lake, Has("KVP"), Sort("KVP", True)) == positions[::-1]

    def test_no_hits_may_be_asked_for(self, engine: EngineFactory) -> None:
        """Tantivy 3: a search with limit 0 panicked."""
        with engine() as lake:
            filled(lake, {"KVP": [number_token(1)]})
            answer = lake.search(Plan(limit=0))
            assert (answer.hits, answer.after) == ((), None)
            assert answer.totals is not None
            assert answer.totals.series == 1

    def test_moments_differ_by_a_microsecond(self, engine: EngineFactory) -> None:
        """Tantivy 4: date fields truncate to seconds. Dates far away are exact too."""
        with engine() as lake:
            moments = [0, 1, -1, 253_402_300_799_999_999, -62_135_596_800_000_000]
            filled(lake, *({"StudyDate": [moment_token("m", moment)]} for moment in moments))
            for number, moment in enumerate(moments):
                token, behind = moment_token("m", moment), moment_token("m", moment + 1)
                assert found(lake, Match("StudyDate", (token,))) == [number]
                assert found(lake, Between("StudyDate", "m", token, behind, include_high=False)) == [number]

    def test_bounds_of_numbers_keep_every_digit(self, engine: EngineFactory) -> None:
        """Tantivy 4: statistics are doubles. 2**53 + 1 is no double."""
        with engine() as lake:
            filled(lake, {"KVP": [number_token(2**53 + 1)]}, {"KVP": [number_token(2**63 - 1)]})
            histogram = lake.search(Plan(histograms=(HistogramPlan("KVP", "n"),), limit=0)).histograms[0]
            assert (histogram.low, histogram.high) == (number_token(2**53 + 1), number_token(2**63 - 1))

    def test_bytes_are_added_up_exactly(self, engine: EngineFactory) -> None:
        """Tantivy 4: sums are doubles, exact up to 9 petabytes."""
        with engine() as lake:
            sizes = [2**52 + 1, 2**51 + 1, 3]
            lake.put([replace(series_record(f"1.2.{number}"), size=size) for number, size in enumerate(sizes)])
            lake.commit()
            totals = lake.search(Plan()).totals
            assert totals is not None
            assert totals.bytes == sum(sizes)

    def test_a_facet_is_exact_over_many_commits(self, engine: EngineFactory) -> None:
        """Tantivy 5, OpenSearch shards: each part of an index offers its own most frequent values; a value that is
        rare in each part and frequent in all was left out or counted short."""
        with engine() as lake:
            for part in range(3):
                common = [{"KVP": [number_token(part * 1_000 + value)]} for value in range(250) for _ in range(2)]
                rare = [{"KVP": [number_token(99_999)]}]
                filled(lake, *common, *rare, first=part * 1_000)
            counts = facet(lake, "KVP", limit=3)
            assert counts[0] == (number_token(99_999), 3)
            assert [count for _, count in counts] == [3, 2, 2]

    @pytest.mark.parametrize("inner", [Has("KVP"), Match("KVP", (number_token(1),)), Like("KVP", ("A", ANY)), Any_(())])
    def test_a_negation_alone_or_inside_others_matches_the_rest(self, engine: EngineFactory, inner: Resolved) -> None:
        """Tantivy 6: a pure must-not matched nothing."""
        with engine() as lake:
            filled(lake, {"KVP": [number_token(1), text_token("a")]}, {"Modality": [text_token("CT")]}, {})
            rest = [number for number in range(3) if number not in found(lake, inner)]
            assert found(lake, Not(inner)) == rest
            assert found(lake, All((Not(inner), Not(inner)))) == rest
            assert found(lake, Any_((Not(inner), Not(inner)))) == rest
            assert found(lake, Not(Not(inner))) == found(lake, inner)

    def test_what_was_deleted_or_replaced_counts_nowhere(self, engine: EngineFactory) -> None:
        """Tantivy 6: a walk over the dictionary counts deleted documents; 9: delete and add in one commit."""
        with engine() as lake:
            filled(lake, *({"KVP": [number_token(number)], "Modality": [text_token("CT")]} for number in range(4)))
            lake.delete("series", ["1.2.000"])
            filled(lake, {"KVP": [number_token(9)]}, first=1)
            expected = [(number_token(2), 1), (number_token(3), 1), (number_token(9), 1)]
            assert facet(lake, "KVP") == expected
            assert facet(lake, "Modality") == [(text_token("CT"), 2), (None, 1)]
            histogram = lake.search(Plan(histograms=(HistogramPlan("KVP", "n"),), limit=0)).histograms[0]
            assert (histogram.low, histogram.high) == (number_token(2), number_token(9))
            assert found(lake, Has("KVP")) == [1, 2, 3]
            assert found(lake, Like("Modality", ("C", ANY))) == [2, 3]
            lake.delete("series", ["1.2.002"])
            filled(lake, {"KVP": [number_token(7)]}, first=2)
            lake.put([series_record("1.2.002", KVP=(number_token(8),))])
            lake.delete("series", ["1.2.002"])
            lake.commit()
            assert found(lake, Has("KVP")) == [1, 3]

    def test_what_has_no_value_is_missing(self, engine: EngineFactory) -> None:
        """Tantivy 7: null and empty lists index nothing. A path without tokens but present, such as bytes, exists."""
        with engine() as lake:
            filled(lake, {"KVP": []}, {"KVP": [text_token("")]}, {})
            lake.put([replace(series_record("1.2.009"), present=frozenset({"KVP"}))])
            lake.commit()
            assert found(lake, Has("KVP")) == [1, 9]
            assert found(lake, Not(Has("KVP"))) == [0, 2]
            assert facet(lake, "KVP") == [(None, 2), (text_token(""), 1)]
            assert found(lake, MatchFolded("KVP", "")) == [1]

    @pytest.mark.parametrize("path", ["Modality", *ODD_PATHS[:3]])
    @pytest.mark.parametrize("descending", [False, True])
    def test_pages_go_over_any_path_with_missing_last(self, engine: EngineFactory, path: str, descending: bool) -> None:
        """Tantivy 8, OpenSearch: a document of several values stands at one place; missing came first or as 2**63."""
        with engine() as lake:
            some = [{path: [number_token(number % 4), number_token(number % 3 - 5)]} for number in range(20)]
            filled(lake, *some, {}, {path: [text_token("bad")]}, {})
            plan = Plan(sort=(Sort(path, descending),), limit=3)
            pages, seen = 0, []
            while True:
                answer = lake.search(plan)
                seen += [int(hit.key[4:]) for hit in answer.hits]
                pages += 1
                if answer.after is None:
                    break
                plan = replace(plan, after=answer.after)
            assert pages == 8
            assert seen[-2:] == [20, 22]
            assert sorted(seen) == list(range(23))
            keys = [(max if descending else min)(n % 4, n % 3 - 5) for n in seen if n < 20]
            assert keys == sorted(keys, reverse=descending)
            assert seen.index(21) == (0 if descending else 20)

    def test_very_many_alternatives_are_one_condition(self, engine: EngineFactory) -> None:
        """Where engines differ: OpenSearch refuses more than 65,536 terms."""
        with engine() as lake:
            filled(lake, {"KVP": [number_token(69_999)]}, {"KVP": [number_token(70_000)]})
            assert found(lake, Match("KVP", tuple(number_token(value) for value in range(70_000)))) == [0]

    def test_ten_thousand_private_paths_are_as_good_as_ten(self, engine: EngineFactory) -> None:
        """Tantivy 10, OpenSearch mappings: an index that grows with the names in it."""
        with engine() as lake:
            size = lake.stats().size
            lake.put(
                series_record(f"1.2.{number}", **{f'(0029,"MAKER {number}",{number % 256:02X})': str(number % 3)})
                for number in range(10_000)
            )
            lake.commit()
            path = '(0029,"MAKER 77",4D)'
            assert facet(lake, path) == [(None, 9_999), (text_token("2"), 1)]
            assert found(lake, Match(path, (text_token("2"),))) == [77]
            assert lake.stats().size - size < 20_000_000
