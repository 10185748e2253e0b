"""The rail as data: its cards, what bars cover, what a click asks for."""

from itertools import pairwise
from typing import Any

import pytest

from ui import facets
from ui.labels import page
from ui.state import Bounds, PageState


def test_every_usual_card_can_be_counted():
    assert len(page()["facets"]) == 12
    assert facets.chosen_cards(None) == page()["facets"]
    assert set(page()["folded"]) < set(page()["facets"])
    values, ranges = facets.asked(None)
    assert {"PatientAge", "StudyDate", "SliceThickness"} <= set(ranges)
    assert {"Modality", "BodyPartExamined.canonical", "Manufacturer.canonical"} <= set(values)
    assert not {*values, *ranges} & set(page()["folded"])


def test_cards_of_a_user_hold_what_has_values():
    cards = ["Modality", "Modality", "NoSuchThing", "PixelData", '(0019,"A",10)', "KVP", "Rows", 7]
    assert facets.chosen_cards({"cards": cards}) == ["Modality", '(0019,"A",10)', "KVP", "Rows"]
    assert facets.asked({"cards": cards, "folded": ["Modality"]}) == (['(0019,"A",10)', "Rows"], ["KVP"])
    for broken in (7, [], {"cards": 1}, {"cards": None, "folded": "x"}):
        assert facets.chosen_cards(broken) == page()["facets"]


@pytest.mark.parametrize(
    ("kind", "start", "end", "whole", "low", "high"),
    [
        ("date", "20190101", "20200101", False, "2019", "2019"),
        ("date", "20100101", "20200101", False, "2010", "2019"),
        ("date", "20190201", "20190301", False, "2019-02", "2019-02"),
        ("date", "20190204", "20190211", False, "2019-02-04", "2019-02-10"),
        ("date", "20190204", None, False, "2019-02-04", None),
        ("datetime", "20190101000000", "20200101000000", False, "2019", "2019"),
        ("datetime", "20190101103000", "20190101104500", False, "2019-01-01T10:30:00", "2019-01-01T10:45:00"),
        ("time", "100000", "110000", False, "10:00", "10:59:59"),
        ("number", 1.5, 2, False, "1.5", "1.999"),
        ("number", 0, 0.5, False, "0", "0.4999"),
        ("number", -1, 0, False, "-1", "-0.0001"),
        ("number", 100, 125, True, "100", "124"),
        ("age", 60, 65, False, "60", "64"),
        ("age", 95, None, False, "95", None),
    ],
)
def test_a_bar_is_a_range_with_both_its_ends(kind: str, start: Any, end: Any, whole: bool, low: str, high: str | None):
    assert facets.first(kind, start) == low
    assert facets.last(kind, start, end, whole=whole) == high


def drawn(kind: str, *edges: Any, missing: int = 0) -> dict[str, Any]:
    bins = [{"from": a, "to": b, "count": n} for n, (a, b) in enumerate(pairwise(edges), 1)]
    return {"kind": kind, "bins": bins, "missing": missing, "valued": 9}


@pytest.mark.parametrize(
    ("path", "histogram", "bounds", "at"),
    [
        ("SliceThickness", drawn("number", 0, 1, 2, 3), Bounds("1", "1.999"), [1, 2]),
        ("SliceThickness", drawn("number", 0, 1, 2, 3), Bounds(None, "1"), [0, 2]),
        ("SliceThickness", drawn("number", 0, 1, 2, 3), Bounds("2.5", None), [2, 3]),
        ("SliceThickness", drawn("number", 0, 1, 2, 3), Bounds("50", None), [2, 3]),
        ("StudyDate", drawn("date", "20180101", "20190101", "20200101", "20210101"), Bounds("2019", "2019"), [1, 2]),
        ("StudyDate", drawn("date", "20180101", "20190101", "20200101", "20210101"), Bounds("2018-06", "2020"), [0, 3]),
        ("PatientAge", drawn("age", 0, 20, 40, 60, None), Bounds("20", "39"), [1, 2]),
        ("PatientAge", drawn("age", 0, 20, 40, 60, None), Bounds("18M", "40Y"), [0, 3]),
    ],
)
def test_a_range_covers_bars(path: str, histogram: dict[str, Any], bounds: Bounds, at: list[int]):
    assert facets.range_card(PageState(ranges={path: (bounds,)}), path, histogram)["at"] == at


def test_a_range_card_says_what_is_chosen():
    state = PageState(ranges={"SliceThickness": (Bounds("0", "1.5"), Bounds("3", "5"))})
    card = facets.range_card(state, "SliceThickness", drawn("number", 0, 1, 2, 9, missing=4))
    assert (card["said"], card["chosen"]) == ("0 – 1.5 mm, 3 – 5 mm", ["0", "5"])
    assert [(one["value"], one["count"]) for one in card["values"]] == [(None, 4)]
    assert [one["label"] for one in card["bins"]][:2] == ["0 – 0.999 mm", "1 – 1.999 mm"]


def test_a_click_carries_everything_and_keeps_what_has_no_card():
    state = PageState(filters={"KVP": ("120",), "Modality": ("CT",)}, ranges={"Rows": (Bounds("1", None),)}, page=3)
    click = {
        "filters": {"Modality": [], "PatientSex.canonical": ["F", None]},
        "exclude": {"Modality": ["SR"]},
        "ranges": {"StudyDate": [["2019", None]], "SliceThickness": []},
    }
    asked = facets.chosen_in(click, state)
    assert asked.filters == {"KVP": ("120",), "PatientSex.canonical": ("F", None)}
    assert asked.exclude == {"Modality": ("SR",)}
    assert asked.ranges == {"Rows": (Bounds("1", None),), "StudyDate": (Bounds("2019", None),)}
    assert asked.page == 1


def test_what_is_selected_is_there_without_an_answer():
    state = PageState(filters={"Modality": ("CT",)}, exclude={"Modality": ("SR",)})
    card = facets.cards(state, None)[0]
    assert [one["value"] for one in card["values"]] == ["CT", "SR"]
    assert card["counted"] is False
