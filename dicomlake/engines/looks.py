"""The conformance of what an engine is asked besides searches: one commit several times, its paths and its tokens.

Part of :class:`dicomlake.engines.conformance.EngineConformance`.
"""

import pytest

from dicomlake.engines.asking import EngineFactory
from dicomlake.engines.base import FacetPlan, Plan, Sort
from dicomlake.engines.strategies import record, series_record
from dicomlake.query.resolved import All, Between, Has, InStudy, Match, Nothing
from mappings.normal import number_token


class LookConformance:
    """What an engine tells of itself. Subclasses give the fixture ``engine``."""

    @pytest.fixture
    def engine(self) -> EngineFactory:
        """A context manager factory; each call gives an empty, writing engine."""
        raise NotImplementedError("the subclass gives the engine")

    def test_a_moment_does_not_see_what_is_committed_later(self, engine: EngineFactory) -> None:
        with engine() as lake:
            lake.put([series_record(f"1.2.{i}", f"1.{i}", Modality="CT") for i in range(5)])
            lake.put([record("instance", "1.9.1", "1.2.1", "1.1", "P1", {"KVP": (number_token(80),)})])
            lake.commit()
            moment = lake.moment()
            before = lake.search(Plan(sort=(Sort("Modality"),), facets=(FacetPlan("Modality"),)))
            lake.delete("series", ["1.2.0"])
            lake.put([series_record("1.2.1", Modality="MR"), series_record("1.2.9", Modality="CT")])
            lake.commit()
            assert moment.generation == before.generation != lake.refresh()
            assert moment.search(Plan(sort=(Sort("Modality"),), facets=(FacetPlan("Modality"),))) == before
            assert moment.kept(["1.2.0", "1.2.9"]) == {"1.2.0": b"kept 1.2.0"}
            assert moment.kept([]) == {}
            ct = Match("Modality", ("sCT",))
            assert sorted(one.uid for one in moment.walk("series", ct)) == [f"1.2.{i}" for i in range(5)]
            assert [one.uid for one in moment.walk("instance", Has("KVP"))] == ["1.9.1"]
            after = sorted(one.uid for one in lake.moment().walk("series", ct))
            assert after == ["1.2.2", "1.2.3", "1.2.4", "1.2.9"]

    def test_a_walk_meets_every_document_once_in_the_same_order(self, engine: EngineFactory) -> None:
        with engine() as lake:
            for part in range(3):
                lake.put([series_record(f"1.2.{i}", KVP=(number_token(i % 7),)) for i in range(part, 7_000, 3)])
                lake.commit()
            moment = lake.moment()
            words = Between("KVP", "n", number_token(0), None)
            met = [one.uid for one in moment.walk("series", words)]
            assert len(met) == len(set(met)) == 7_000
            assert [one.uid for one in moment.walk("series", words)] == met
            assert list(moment.walk("series", Nothing())) == []

    def test_present_paths_are_counted_by_level(self, engine: EngineFactory) -> None:
        with engine() as lake:
            assert lake.present("series") == {}
            lake.put([series_record("1.2.1", Modality="CT"), series_record("1.2.2", Modality="CT", KVP="bad")])
            lake.put([record("instance", "1.9.1", "1.2.1", "1.1", "P1", {'(0019,"A.B",0C)': ("sx",)})])
            lake.commit()
            assert lake.present("series") == {"Modality": 2, "KVP": 1}
            assert lake.present("instance") == {'(0019,"A.B",0C)': 1}
            lake.delete("series", ["1.2.2"])
            lake.commit()
            assert lake.present("series") == {"Modality": 1}

    def test_a_condition_is_described_for_people(self, engine: EngineFactory) -> None:
        with engine() as lake:
            told = str(lake.describe("series", All((Match("Modality", ("sCT",)), InStudy(Match("KVP", ("sodd",)))))))
            assert "CT" in told
            assert "odd" in told
            assert told != str(lake.describe("instance", Match("Modality", ("sCT",))))

    @pytest.mark.parametrize("path", ["Modality", '(0019,"A.B",0C)'])
    def test_the_vocabulary_of_a_path_begins_with_a_prefix(self, engine: EngineFactory, path: str) -> None:
        with engine() as lake:
            values = (("sCT",), ("sCT", "sCR"), ("sMR", "sct", "n" + "0" * 20), ("sČT",))
            lake.put([record("series", f"1.2.{i}", "1.2", "1.1", "P1", {path: has}) for i, has in enumerate(values)])
            lake.put([record("instance", "1.9.1", "1.2.1", "1.1", "P1", {path: ("sCT",)})])
            lake.commit()
            assert lake.vocabulary("series", path, "sC", 10) == [("sCT", 2), ("sCR", 1)]
            assert [token for token, _ in lake.vocabulary("series", path, "s", 3)] == ["sCT", "sCR", "sMR"]
            assert lake.vocabulary("series", path, "n", 10) == [("n" + "0" * 20, 1)]
            assert lake.vocabulary("series", path, "sX", 10) == []
            assert lake.vocabulary("instance", path, "", 10) == [("sCT", 1)]
            lake.delete("series", ["1.2.0"])
            lake.commit()
            assert lake.vocabulary("series", path, "sC", 10) == [("sCR", 1), ("sCT", 1)]
