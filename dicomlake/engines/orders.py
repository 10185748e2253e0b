"""The conformance of orders: what a hit is sorted by, and that any of them can be begun anywhere.

Part of :class:`dicomlake.engines.conformance.EngineConformance`.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

from dicomlake.engines.asking import EngineFactory
from dicomlake.engines.base import Engine, Level, Plan, Record, Sort
from dicomlake.engines.oracle import OracleEngine
from dicomlake.engines.strategies import record, series_record
from dicomlake.query.resolved import Has, Match, Not
from mappings.normal import moment_token, number_token, text_token

LEVELS: tuple[Level, ...] = ("series", "study", "patient", "instance")

_LETTERED = [("StudyDate", "d"), ("SliceThickness", "n"), ("KVP", "n"), ("SeriesDescription", "t"), ("kvp", "m")]
"""Columns and other paths, and types whose letters stand before and behind that of texts."""


def _token(letter: str, number: int) -> str:
    return number_token(number) if letter == "n" else moment_token(letter, number)


def _whole(lake: Engine, plan: Plan) -> list[tuple[str, tuple[str | None, ...]]]:
    return [(hit.key, hit.place) for hit in lake.search(replace(plan, limit=1_000)).hits]


def _begun_anywhere(lake: Engine, plan: Plan, skips: Sequence[int]) -> None:
    """Any page of a plan is the part of its whole order that begins there."""
    whole = _whole(lake, plan)
    for skip in skips:
        place = lake.place(plan, skip)
        assert (place is None) == (skip >= len(whole)), (plan, skip)
        if place is not None:
            assert _whole(lake, replace(plan, after=place)) == whole[skip:], (plan, skip)


class OrderConformance:
    """In which order hits come. Subclasses give the fixture ``engine``."""

    @pytest.fixture
    def engine(self) -> EngineFactory:
        """A context manager factory; each call gives an empty, writing engine."""
        raise NotImplementedError("the subclass gives the engine")

    @pytest.mark.parametrize(("path", "letter"), _LETTERED)
    def test_what_cannot_be_read_as_what_a_path_holds_comes_last_both_ways(
        self, engine: EngineFactory, path: str, letter: str
    ) -> None:
        values = {
            "1.2.1": (text_token("20171345"),),
            "1.2.2": (_token(letter, 5),),
            "1.2.3": (),
            "1.2.4": (text_token("N/A"), _token(letter, 3)),
            "1.2.5": (text_token("N/A"),),
            "1.2.6": (_token(letter, 3), _token(letter, 7), text_token("")),
        }
        with engine() as lake:
            lake.put([record("series", uid, uid, "1.1", "P1", {path: tokens}) for uid, tokens in values.items()])
            lake.commit()
            orders = [(False, ["1.2.4", "1.2.6", "1.2.2"]), (True, ["1.2.6", "1.2.2", "1.2.4"])]
            for descending, good in orders:
                plan = Plan(sort=(Sort(path, descending, letter),))
                expected = [*good, "1.2.1", "1.2.3", "1.2.5"]
                assert [key for key, _ in _whole(lake, plan)] == expected
                assert [place[0] for _, place in _whole(lake, plan)][3:] == [None] * 3
                _begun_anywhere(lake, plan, range(1, 7))
            assert len(lake.search(Plan(query=Has(path))).hits) == 5

    def test_values_of_other_types_are_missing_at_every_key_of_an_order(self, engine: EngineFactory) -> None:
        records = [_awkward(number) for number in range(40)]
        with engine() as lake:
            oracle = OracleEngine()
            for one in (lake, oracle):
                one.put(records)
                one.commit()
            for level in LEVELS:
                for first in (Sort("StudyDate", True, "d"), Sort("KVP", False, "n")):
                    for second in (Sort("SliceThickness", True, "n"), Sort("Modality")):
                        plan = Plan(level, sort=(first, second))
                        assert _whole(lake, plan) == _whole(oracle, plan), plan
                        _begun_anywhere(lake, plan, (1, 4, 9, 30))

    def test_a_cursor_leads_on_from_a_value_that_is_gone(self, engine: EngineFactory) -> None:
        """It had stood beside a value that many have, and its series in the midst of theirs."""
        values = {f"1.2.{number:02}": 5.0 for number in range(12)} | {"1.2.05": 5.25, "1.2.07": 4.75, "1.2.20": 7.0}
        with engine() as lake:
            lake.put([series_record(uid, KVP=(number_token(value),)) for uid, value in values.items()])
            lake.commit()
            plans = []
            for uid, descending in product(("1.2.05", "1.2.07"), (False, True)):
                plan = Plan(sort=(Sort("KVP", descending),))
                (place,) = (place for key, place in _whole(lake, plan) if key == uid)
                plans.append(replace(plan, after=place))
            many = [uid for uid, value in values.items() if value == 5.0]
            lake.delete("series", ["1.2.05", "1.2.07"])
            lake.commit()
            left = [[key for key, _ in _whole(lake, plan)] for plan in plans]
            assert left == [["1.2.20"], many, [*many, "1.2.20"], []]

    @pytest.mark.parametrize("path", ["SliceThickness", "KVP"])
    def test_any_page_of_any_order_is_the_part_of_it_that_begins_there(self, engine: EngineFactory, path: str) -> None:
        """Texts with all signs that queries have, numbers and moments; ties, missing values, several values, and
        commits that delete, replace and add in between."""
        with engine() as lake:
            oracle = OracleEngine()
            for one in (lake, oracle):
                one.put([_varied(path, number) for number in range(90)])
                one.commit()
            for commit in range(3):
                second = "StudyDate" if commit else "Modality"
                places: list[Plan] = []
                for level, descending in product(LEVELS[:3], (False, True)):
                    sorts = (Sort(path, descending, (None, None, "n")[commit]), Sort(second, not descending))
                    plan = Plan(level, sort=sorts[: min(2, 1 + commit)], query=Not(Match("Modality", ("sUS",))))
                    assert _whole(lake, plan) == _whole(oracle, plan), plan
                    _begun_anywhere(lake, plan, (1, 2, 17 + commit, 55, 80, 200))
                    places += (replace(plan, after=place) for _, place in _whole(oracle, plan)[commit::4])
                for one in (lake, oracle):
                    one.delete("series", [f"1.2.{number:03}" for number in range(commit, 90, 3)])
                    one.put([_varied(path, number * 5, 3) for number in range(commit, 20)])
                    one.commit()
                for plan in places:
                    assert _whole(lake, plan) == _whole(oracle, plan), plan


def _varied(path: str, number: int, more: int = 0) -> Record:
    """A series with texts, numbers or moments at a path, many with the same ones."""
    text = (
        "T2 TSE",
        "T2 TSE tra",
        'a "b" \\',
        "(x)",
        "[a TO b]",
        "{",
        "é ü",
        "\u3000",
        "TO",
        "*",
        "1.2.840",
        "1.2.84",
        "z",
    )
    of_text = text_token(text[(number + more) % 13])
    of_number = number_token((number * 37 + more) % 83 / 4)
    many = number_token(number % 3 * 5)
    values = [(of_text,), (of_number,), (of_number, of_text), (), (moment_token("d", number % 9),), (many,), (many,)]
    modality = text_token(("CT", "MR", "US")[number % 3])
    one = series_record(
        f"1.2.{number:03}",
        f"1.{number % 31}",
        f"P{number % 11}",
        Modality=(modality,),
        StudyDate=(moment_token("d", number * 13 % 40),),
    )
    tokens = {**one.tokens, path: tuple(sorted(set(values[(number + more) % 7])))}
    return replace(one, tokens=tokens, present=frozenset(name for name, found in tokens.items() if found))


def _awkward(number: int) -> Record:
    """A series or an instance, each of a study of several, whose values are now and then texts or missing."""
    bad = (text_token("bad"), text_token("worse"))
    tokens: dict[str, tuple[str, ...]] = {
        "StudyDate": ((), (moment_token("d", number % 6),), bad[:1], (moment_token("d", number % 4), bad[1]))[
            number % 4
        ],
        "KVP": ((number_token(number % 3),), bad, (), (number_token(1), number_token(number), bad[0]))[number // 2 % 4],
        "SliceThickness": (bad[:1], (number_token(number % 2),), (bad[1], number_token(-1.5)))[number % 3],
        "Modality": (text_token("CT" if number % 2 else "MR"),),
    }
    uid = f"1.2.{number:02}"
    if number % 5 == 4:
        return record("instance", uid, "1.2.00", f"1.{number % 7}", f"P{number % 3}", tokens)
    return record("series", uid, uid, f"1.{number % 7}", f"P{number % 3}", tokens)
