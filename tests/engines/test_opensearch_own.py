"""What only OpenSearch can get wrong: mappings that grow, documents it refuses, commits of others, commits let go."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import settings

from dicomlake.engines.asking import ANY, facet, filled, found
from dicomlake.engines.base import FacetPlan, Plan, Rejection, Totals
from dicomlake.engines.budget import Limits, limited
from dicomlake.engines.opensearch import commits, totals
from dicomlake.engines.opensearch.client import Server
from dicomlake.engines.opensearch.engine import OpenSearchEngine
from dicomlake.engines.opensearch.indices import KINDS, Shape
from dicomlake.engines.strategies import COLUMNS, record, series_record
from dicomlake.errors import CostError, CursorExpiredError, LakeError
from dicomlake.query.resolved import All, Any_, Between, Has, InStudy, Like, Match, MatchFolded, Not, Resolved, Words
from dicomlake.query.tokens import MAX_DEPTH
from mappings import schemas
from mappings.normal import fold, number_token, text_token
from tools.opensearch import Server as Running

Opened = Callable[..., OpenSearchEngine]

_numbers = itertools.count()


@pytest.fixture
def opened(opensearch: Running) -> Iterator[Opened]:
    """Opens the test's lake, as often as it is asked for."""
    prefix = f"{opensearch.prefix}own-{next(_numbers)}"
    engines: list[OpenSearchEngine] = []

    def one(write: bool = True, shape: Shape | None = None) -> OpenSearchEngine:
        server = Server((opensearch.url,))
        engines.append(OpenSearchEngine(server, prefix, COLUMNS, write=write, shape=shape))
        return engines[-1]

    yield one
    for engine in engines[1:]:
        engine.close()
    for engine in engines[:1]:
        engine.remove()


PRIVATE = tuple(f'(0029,"MAKER {number}",{number % 256:02X})' for number in range(50_000))
NESTED = tuple(f"RequestAttributesSequence.Item{number}Sequence.CodeValue" for number in range(5_000))
PATHS = (*PRIVATE, *NESTED)
OF_ONE = 100
"""Paths of one document; no other has them."""
AT_ONCE = 10
"""Documents that are looked for in one request."""


@pytest.fixture(scope="module")
def wide(opensearch: Running) -> Iterator[OpenSearchEngine]:
    """A lake of 50,000 distinct private elements and 5,000 nested paths, each with a text and a number."""
    prefix = f"{opensearch.prefix}own-{next(_numbers)}"
    lake = OpenSearchEngine(Server((opensearch.url,)), prefix, COLUMNS, write=True)
    lake.put([series_record("1.2.0", Modality="CT")])
    lake.commit()
    before = lake.indices.fields()
    lake.add(
        record(
            "instance",
            f"1.9.{start}",
            "1.2.0",
            "1.1",
            "P1",
            {"Modality": (text_token(f"{start}"),), **{path: _values(path) for path in PATHS[start : start + OF_ONE]}},
        )
        for start in range(0, len(PATHS), OF_ONE)
    )
    lake.commit()
    assert lake.indices.fields() == before
    yield lake
    lake.remove()


def _values(path: str) -> tuple[str, ...]:
    return text_token(f"Größe {path}"), number_token(len(path))


def test_the_mapping_does_not_grow_with_55_000_distinct_paths(wide: OpenSearchEngine) -> None:
    assert wide.indices.fields() == len(COLUMNS) + 14 + schemas.SLOTS
    assert wide.rejected() == []
    assert wide.present("instance") == {"Modality": len(PATHS) // OF_ONE, **dict.fromkeys(PATHS, 1)}


def test_each_of_55_000_paths_is_found_by_term_and_exists(wide: OpenSearchEngine) -> None:
    _find(wide, range(0, len(PATHS), OF_ONE), lambda path: _conditions(path)[:2])


def test_2_500_paths_drawn_from_55_000_are_found_by_range_and_wildcard(wide: OpenSearchEngine) -> None:
    """All of them with ``--hypothesis-profile=long``."""
    _find(wide, _drawn(), lambda path: _conditions(path)[2:])


def test_2_500_paths_drawn_from_55_000_are_facets(wide: OpenSearchEngine) -> None:
    """All of them with ``--hypothesis-profile=long``."""
    missing = len(PATHS) // OF_ONE - 1
    for start in _drawn():
        facets = tuple(FacetPlan(path, limit=10) for path in PATHS[start : start + OF_ONE])
        for one in wide.search(Plan("instance", facets=facets, limit=0, totals=False)).facets:
            listed = [(count.token, count.count) for count in one.counts]
            assert listed == [(None, missing), *((token, 1) for token in sorted(_values(one.path)))]


def _drawn() -> list[int]:
    """Where the paths of documents drawn at random begin."""
    number = min(len(PATHS), max(2_500, settings().max_examples)) // OF_ONE
    return random.Random(1).sample(range(0, len(PATHS), OF_ONE), number)


def _find(lake: OpenSearchEngine, starts: Sequence[int], asked: Callable[[str], Sequence[Resolved]]) -> None:
    """A document meets all the conditions on its paths together, so each of them by itself; no other meets any."""
    for first in range(0, len(starts), AT_ONCE):
        some = starts[first : first + AT_ONCE]
        each = [tuple(one for path in PATHS[start : start + OF_ONE] for one in asked(path)) for start in some]
        facets = tuple(FacetPlan("Modality", one) for parts in each for one in (All(parts), Any_(parts)))
        counted = lake.search(Plan("instance", facets=facets, limit=0, totals=False)).facets
        listed = [[(count.token, count.count) for count in one.counts] for one in counted]
        assert listed == [[(text_token(f"{start}"), 1)] for start in some for _ in range(2)]


def _conditions(path: str) -> tuple[Resolved, ...]:
    return (
        Has(path),
        Match(path, (text_token(f"Größe {path}"),)),
        Between(path, "n", number_token(len(path) - 0.5), number_token(len(path) + 1)),
        Like(path, ("GR", ANY)),
    )


def test_a_path_of_55_000_has_hits_and_a_vocabulary(wide: OpenSearchEngine) -> None:
    for path in (PRIVATE[0], PRIVATE[31_415], PRIVATE[-1], NESTED[0], NESTED[2_718], NESTED[-1]):
        for query in _conditions(path):
            hits = wide.search(Plan(level="instance", query=query)).hits
            assert [hit.key for hit in hits] == [f"1.9.{PATHS.index(path) // OF_ONE * OF_ONE}"], query
        assert wide.vocabulary("instance", path, "s", 10) == [(text_token(f"Größe {path}"), 1)]


def test_folded_texts_of_any_signs_and_length_are_found_as_a_whole_and_only_as_a_whole(opened: Opened) -> None:
    lake = opened()
    texts = ("Lazy zz-Zebra z", "z", "Straße\u001fz", "zo\nzo", "ﬁz ſz", "é" * 3_999, "Ab" * 50_000, "Ω z " * 1_999)
    values = {f"1.2.{n}": text_token(text) for n, text in enumerate(texts)}
    lake.put(record("series", uid, uid, "1", "p", {"(0029,\"M\",10)": (one, text_token(f"x{uid}"))})
             for uid, one in values.items())  # fmt: skip
    lake.commit()
    assert lake.rejected() == []
    for n, text in enumerate(texts):
        for wanted in (
            MatchFolded('(0029,"M",10)', fold(values[f"1.2.{n}"][1:])),
            MatchFolded('(0029,"M",10)', f"X1.2.{n}"),
        ):
            assert [hit.key for hit in lake.search(Plan(query=wanted)).hits] == [f"1.2.{n}"], text[:20]
    for part in ("LA", "LAZY ", "Y", "EBRA ", "O\n", "STRASSE"):
        assert lake.search(Plan(query=MatchFolded('(0029,"M",10)', part))).hits == ()
    like = Like('(0029,"M",10)', (ANY, "ZEBRA", ANY))
    assert [hit.key for hit in lake.search(Plan(query=like)).hits] == ["1.2.0"]


def test_a_document_that_is_refused_is_told_with_the_reason_and_the_rest_goes_in(opened: Opened) -> None:
    lake = opened()
    long = "s" + "x" * 40_000  # what mappings.normal would have cut
    lake.put([series_record("1.2.1", KVP="a"), series_record("1.2.2", KVP=(long,)), series_record("1.2.3", KVP="a")])
    lake.commit()
    rejected = lake.rejected()
    assert [(one.level, one.uid) for one in rejected] == [("series", "1.2.2")]
    assert "32766" in rejected[0].reason
    assert lake.rejected() == []
    assert [hit.key for hit in lake.search(Plan()).hits] == ["1.2.1", "1.2.3"]
    assert isinstance(rejected[0], Rejection)


def test_a_reader_sees_whole_commits_of_another_and_nothing_else(opened: Opened) -> None:
    writer, reader = opened(), opened(write=False)
    writer.put([series_record("1.2.1")])
    reader.refresh()
    assert reader.search(Plan()).hits == ()
    generation = writer.commit()
    assert reader.search(Plan()).hits == ()
    assert reader.refresh() == generation
    assert [hit.key for hit in reader.search(Plan()).hits] == ["1.2.1"]
    writer.put([series_record("1.2.2")])
    assert reader.refresh() == generation
    assert len(opened(write=False).search(Plan()).hits) == 1
    with pytest.raises(LakeError, match="reading only"):
        reader.put([series_record("1.2.3")])


def test_a_commit_that_is_being_made_is_not_looked_at(opened: Opened) -> None:
    writer, reader = opened(), opened(write=False)
    writer.put([series_record("1.2.1")])
    generation = writer.commit()
    reader.refresh()
    writer.put([series_record("1.2.2")])
    writer._bulk.flush()
    writer._state.change(lambda before: replace(before, pending=("another",)))
    writer.indices.refresh(KINDS)
    assert reader.refresh() == generation
    assert len(reader.search(Plan()).hits) == 1
    assert reader.moment().kept(["1.2.2"]) == {}
    writer._state.change(lambda before: replace(before, pending=()))
    writer.commit()
    assert reader.refresh() != generation
    assert len(reader.search(Plan()).hits) == 2


def test_a_writer_that_died_over_its_commit_keeps_readers_from_others_for_a_while_only(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = opened(), opened(write=False)
    before = reader.refresh()
    writer._state.change(lambda one: replace(one, pending=("of a dead one",)))
    writer.put([series_record("1.2.1")])
    generation = writer.commit()
    assert len(writer.search(Plan()).hits) == 1
    assert reader.refresh() == before
    monkeypatch.setattr(commits, "_PATIENCE", 0.0)
    assert reader.refresh() == generation
    assert len(reader.search(Plan()).hits) == 1
    monkeypatch.setattr(commits, "_FORGOTTEN", 0.0)
    writer.commit()
    assert writer._state.read().pending == ()


def test_a_lake_that_is_not_there_is_not_read(opened: Opened) -> None:
    with pytest.raises(LakeError, match="index something first"):
        opened(write=False)


def test_the_writer_opened_last_wins_whatever_arrives_last(opened: Opened) -> None:
    first, second = opened(), opened()
    second.put([series_record("1.2.1", Modality="MR")])
    second.commit()
    first.put([series_record("1.2.1", Modality="CT"), series_record("1.2.2", Modality="CT")])
    first.commit()
    assert facet(first, "Modality") == [("sCT", 1), ("sMR", 1)]
    assert first.rejected() == []
    third = opened()
    third.put([series_record("1.2.1", Modality="US")])
    third.commit()
    assert facet(third, "Modality") == [("sCT", 1), ("sUS", 1)]


@pytest.mark.parametrize("shards", [1, 3])
def test_a_search_goes_on_when_the_server_has_let_go_of_the_commit(opened: Opened, shards: int) -> None:
    lake = opened(shape=Shape(shards))
    filled(lake, {"KVP": [number_token(1)]}, {"KVP": [number_token(2)]})
    moment = lake.moment()
    _let_go(lake)
    assert found(lake, Has("KVP")) == [0, 1]
    assert [one.uid for one in moment.walk("series", Has("KVP"))] == ["1.2.000", "1.2.001"]
    other = opened()
    filled(other, {"KVP": [number_token(3)]}, first=2)
    _let_go(lake)
    with pytest.raises(CursorExpiredError):
        moment.search(Plan(query=Between("KVP", "n", number_token(2), None)))
    assert found(lake, Between("KVP", "n", number_token(2), None)) == [1, 2]


def _let_go(lake: OpenSearchEngine) -> None:
    names = [pit.name for pit in lake._snapshot.pits.values()]
    lake._client.call("DELETE", "/_search/point_in_time", {"pit_id": names})


def test_points_in_time_are_let_go_with_their_commits(opened: Opened) -> None:
    lake = opened()

    def held() -> int:
        answer = lake._client.call("GET", f"/{lake.indices.prefix}-*/_stats/search")
        return int(answer["_all"]["total"]["search"]["point_in_time_current"])

    kept = lake.moment()
    for number in range(20):
        lake.put([series_record(f"1.2.{number}")])
        lake.commit()
    assert kept.search(Plan()).hits == ()
    assert held() == 5  # of instances, that no commit changed, there is one for both
    del kept
    lake.commit()
    assert held() == 3


def test_deep_and_wide_queries_are_answered(opened: Opened) -> None:
    lake = opened()
    filled(lake, {"KVP": [text_token("é")]}, {"Modality": [text_token("CT")]})
    deep: Resolved = Has("KVP")
    for number in range(MAX_DEPTH):
        deep = Any_((Match("Modality", (f"s{number}",)), All((Not(Match("Modality", ("sMR",))), deep))))
    assert found(lake, deep) == [0]
    for _ in range(MAX_DEPTH // 2):
        deep = Not(All((Has("Modality"), Not(All((Has("KVP"), deep))))))
    assert found(lake, deep) == [0]
    wide = Any_(tuple(MatchFolded("KVP", text) for text in [*map(str, range(499)), "E"]))
    assert found(lake, wide) == [0]
    assert found(lake, All(tuple(Words(None, (str(number), "X")) for number in range(250)))) == []


@pytest.mark.parametrize("shards", [1, 3])
def test_distinct_ones_are_counted_in_parts(opened: Opened, shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "PART", 100)
    lake = opened(shape=Shape(shards))
    lake.add(record("instance", f"1.9.{n}", f"1.2.{n // 3}", f"1.1.{n // 7}", f"P{n // 70}", {}) for n in range(1_000))
    lake.commit()
    counted = lake.search(Plan("instance", limit=0)).totals
    assert counted == Totals(15, 143, 334, 1_000, 1_000_000)


def test_wildcards_over_too_many_values_are_refused(opened: Opened) -> None:
    lake = opened()
    filled(lake, *({"KVP": [text_token(f"v{number}")], "Modality": [text_token("CT")]} for number in range(200)))
    with limited(Limits(values=100)):
        assert len(found(lake, Like("Modality", (ANY, "T")))) == 200
        with pytest.raises(CostError, match="look through some 200 values"):
            found(lake, Like("KVP", (ANY, "7")))
        with pytest.raises(CostError):
            list(lake.moment().walk("series", Like("KVP", (ANY, "7"))))
    assert len(found(lake, Like("KVP", (ANY, "7")))) == 20


def test_a_study_of_very_many_series_and_very_many_studies(opened: Opened) -> None:
    lake = opened()
    lake.add(series_record(f"1.2.{n}", f"1.{n}", Modality="CT") for n in range(66_000))
    lake.add([series_record("1.3.1", "1.65999"), series_record("1.3.2", "1.70000", Modality="MR")])
    lake.commit()
    hits = lake.search(Plan(query=InStudy(Match("Modality", ("sCT",))))).hits
    assert [hit.key for hit in hits] == ["1.3.1"]
    totals = lake.search(Plan(limit=0)).totals
    assert totals is not None
    assert (totals.studies, totals.series) == (66_001, 66_002)


@pytest.mark.parametrize("shards", [1, 3])
def test_counts_are_the_same_whichever_half_is_counted(opened: Opened, shards: int) -> None:
    lake = opened(shape=Shape(shards))
    lake.add(
        record("series", uid, uid, f"1.1.{n // 3}", f"P{n // 9}", {"Modality": [f"s{n % 10}"], "KVP": [f"s{n % 7}"]})
        for n, uid in ((n, f"1.2.{n:04}") for n in range(900))
    )
    lake.commit()
    for modalities in ([0], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6], list(range(10))):
        matching = [n for n in range(900) if n % 10 in modalities]
        query = Match("Modality", tuple(f"s{one}" for one in modalities))
        answer = lake.search(Plan(query=query, facets=(FacetPlan("KVP", query, 5, ("s6", None)),)))
        studies, patients = ({n // size for n in matching} for size in (3, 9))
        assert answer.totals == Totals(
            len(patients), len(studies), len(matching), 3 * len(matching), 1_000 * len(matching)
        )
        counts = Counter(f"s{n % 7}" for n in matching)
        ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        expected = dict([*ranked[:5], ("s6", counts["s6"]), (None, 0)])
        assert {one.token: one.count for one in answer.facets[0].counts} == expected


def test_a_lake_that_is_put_in_order_is_one_segment_and_answers_the_same(opened: Opened) -> None:
    lake, reader = opened(), opened(write=False)
    for number in range(4):
        lake.put([series_record(f"1.2.{number}", Modality="CT"), series_record("1.2.0", Modality=f"M{number}")])
        lake.commit()
    before = reader.refresh()
    hits = [hit.key for hit in reader.search(Plan()).hits]
    lake.compact()
    assert reader.refresh() != before
    assert [hit.key for hit in reader.search(Plan()).hits] == hits
    segments = lake._client.call("GET", f"/{lake.indices.name('series')}/_segments")
    ((shard,),) = next(iter(segments["indices"].values()))["shards"].values()
    assert shard["num_search_segments"] == 1
