"""The conformance of updates that are made alone over what they touch.

Part of :class:`dicomlake.engines.conformance.EngineConformance`.
"""

from collections.abc import Collection

import pytest

from dicomlake.engines.asking import EngineFactory
from dicomlake.engines.base import Plan
from dicomlake.engines.reach import Reach
from dicomlake.engines.strategies import record, series_record

_PART = Reach(frozenset(["1.2.1"]), frozenset(["1.1"]), frozenset(["1.9.1"]))


def _mend(series: Collection[str]) -> None:
    raise AssertionError(f"nobody died over {series}")


class TurnConformance:
    """Who updates what. Subclasses give the fixture ``engine``."""

    @pytest.fixture
    def engine(self) -> EngineFactory:
        """A context manager factory; each call gives an empty, writing engine."""
        raise NotImplementedError("the subclass gives the engine")

    def test_an_update_alone_over_its_reach_sees_what_was_committed_and_is_seen(self, engine: EngineFactory) -> None:
        with engine() as lake:
            for number, reach in enumerate([_PART, _PART, Reach(), Reach(everything=True), _PART]):
                with lake.alone(reach, _mend):
                    assert len(lake.search(Plan()).hits) == number
                    assert lake.get("series", ["1.2.0"]).keys() == ({"1.2.0"} if number else set())
                    lake.put([series_record(f"1.2.{number}"), series_record("1.2.0")])
                    lake.delete("instance", ["1.9.1"])
                    lake.put([record("instance", "1.9.1", f"1.2.{number}", "1.1", "P1", {})])
                    lake.commit()
                assert lake.get("instance", ["1.9.1"])["1.9.1"].series == f"1.2.{number}"
            lake.put([series_record("1.2.9")])  # and what is put outside comes behind
            lake.commit()
            assert len(lake.search(Plan()).hits) == 6

    def test_what_an_update_raises_comes_through_and_ends_its_turn(self, engine: EngineFactory) -> None:
        with engine() as lake:
            with pytest.raises(ZeroDivisionError), lake.alone(_PART, _mend):
                raise ZeroDivisionError
            with lake.alone(_PART, _mend):
                lake.put([series_record("1.2.1")])
                lake.commit()
            assert [hit.key for hit in lake.search(Plan()).hits] == ["1.2.1"]
