"""What only OpenSearch can get wrong: mappings that grow, documents it refuses, commits of others, commits let go."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from dicomlake.engines.asking import ANY, facet, filled, found
from dicomlake.engines.base import Plan, Rejection, Totals
from dicomlake.engines.budget import Limits, limited
from dicomlake.engines.opensearch import OpenSearchEngine, Server, Shape, commits, totals
from dicomlake.engines.opensearch.indices import KINDS
from dicomlake.engines.strategies import COLUMNS, record, series_record
from dicomlake.errors import CostError, CursorExpiredError, LakeError
from dicomlake.query.resolved import All, Any_, Between, Has, InStudy, Like, Match, MatchFolded, Not, Resolved, Words
from dicomlake.query.tokens import MAX_DEPTH
from mappings import schemas
from mappings.normal import number_token, text_token
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


def test_the_mapping_does_not_grow_with_55_000_distinct_paths(opened: Opened) -> None:
    lake = opened()
    lake.put([series_record("1.2.0", Modality="CT")])
    lake.commit()
    before = lake.indices.fields()
    private = [f'(0029,"MAKER {number}",{number % 256:02X})' for number in range(50_000)]
    nested = [f"RequestAttributesSequence.Item{number}Sequence.CodeValue" for number in range(5_000)]
    paths = [*private, *nested]
    lake.add(
        record(
            "instance",
            f"1.9.{start}",
            "1.2.0",
            "1.1",
            "P1",
            {path: (text_token(f"Größe {path}"), number_token(len(path))) for path in paths[start : start + 100]},
        )
        for start in range(0, len(paths), 100)
    )
    lake.commit()
    assert lake.indices.fields() == before == len(COLUMNS) + 14 + schemas.SLOTS
    assert lake.rejected() == []
    assert len(lake.present("instance")) == len(paths)
    for path in (private[0], private[31_415], private[-1], nested[0], nested[2_718], nested[-1]):
        expected = f"1.9.{paths.index(path) // 100 * 100}"
        queries: list[Resolved] = [
            Has(path),
            Match(path, (text_token(f"Größe {path}"),)),
            Between(path, "n", number_token(len(path) - 0.5), number_token(len(path) + 1)),
            Like(path, ("GR", ANY)),
        ]
        for query in queries:
            hits = lake.search(Plan(level="instance", query=query)).hits
            assert [hit.key for hit in hits] == [expected], query
        assert lake.vocabulary("instance", path, "s", 10) == [(text_token(f"Größe {path}"), 1)]


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
