"""Any typed field sorts, on a real index beside the headers as pydicom reads them."""

from typing import Any

import pytest

from dicomlake.search import SearchRequest

from .archive import path
from .lake import CELLS, Archive, values
from .questions import BYTES

TYPED = {"DA", "DT", "TM", "DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV"}


def rank(vr: str, value: Any) -> tuple[str, Any]:
    """Place of a value among those of any type: dates, moments, numbers, texts, times; and within its own."""
    if isinstance(value, str):
        return "s", value
    return {"DA": "d", "DT": "m", "TM": "t"}.get(vr, "n"), value


def counts(vr: str, place: str, value: Any) -> bool:
    """Whether hits are sorted by a value: not by one that breaks its VR. Which VR a private element has only files say,
    each for itself, so there every value counts."""
    return "private" in place or vr not in TYPED or not isinstance(value, str)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("vr", "place"), [(vr, place) for vr, place in CELLS if vr not in BYTES], ids=str)
def test_any_field_sorts_hits_by_its_first_value_with_missing_last(
    archive: Archive, vr: str, place: str, descending: bool
) -> None:
    name = path(vr, place)
    expected = []
    for series, group in archive.series.items():
        ranks = [rank(vr, value) for value in values(group, name) if counts(vr, place, value)]
        expected.append((series, (max if descending else min)(ranks) if ranks else None))
    expected.sort(key=lambda pair: pair[0])
    having = sorted((pair for pair in expected if pair[1]), key=lambda pair: pair[1], reverse=descending)
    missing = [pair for pair in expected if pair[1] is None]
    assert 3 < len(missing) < len(expected) - 3
    seen, cursor = [], None
    while True:
        sort = [f"-{name}" if descending else name]
        answer = archive.searcher.run(SearchRequest(sort=sort, limit=7, cursor=cursor))
        seen += [hit["SeriesInstanceUID"] for hit in answer["hits"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert seen == [series for series, _ in [*having, *missing]]
