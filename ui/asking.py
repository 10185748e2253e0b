"""What the page asks the API for: hits and their totals, and the detail of the open one.

What is kept between two runs of the script saves questions, it decides nothing: cursors of the pages of one search,
and the totals of the whole lake.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from ui import details, facets, views
from ui.client import Api, Away, Problem, Search
from ui.preferences import preference
from ui.state import PageState


def asked_of(state: PageState, **changes: Any) -> Search:
    """The search that a state stands for, without facets and hits."""
    search = Search(state.q, state.level, dict(state.filters), sort=views.order(state), limit=0)
    return replace(search, exclude=dict(state.exclude), ranges=dict(state.ranges), **changes)


def hits(lake: Api, state: PageState) -> tuple[PageState, dict[str, Any]]:
    """A page of hits with facets and totals; the last page where the address asks for one behind it.

    Raises Away and Problem.
    """
    counted, measured = facets.asked(preference(lake, "rail"))
    search = asked_of(
        state,
        facets=counted,
        histograms=measured,
        facet_limit=facets.LISTED,
        fields=views.fields_of(views.columns(state.level)),
        limit=views.ROWS,
    )
    same = st.session_state.pop("same", False)
    kept: _Answered | None = st.session_state.get("answered")
    answered = _Answered.of(lake, state, search)
    if same and kept is not None and kept.holds(answered):
        return kept.given
    answered.given = _hits(lake, state, search)
    st.session_state["answered"] = answered
    return answered.given


@dataclass(slots=True)
class _Answered:
    """A search, what of it was counted, and its answer."""

    name: str
    counted: frozenset[str]
    given: tuple[PageState, dict[str, Any]]

    @classmethod
    def of(cls, lake: Api, state: PageState, search: Search) -> "_Answered":
        """A search that has no answer yet."""
        bare = replace(search, facets=(), histograms=()).body()
        name = json.dumps([lake.url, bare, state.page], sort_keys=True)
        return cls(name, frozenset([*search.facets, *search.histograms]), (state, {}))

    def holds(self, other: "_Answered") -> bool:
        """Whether the answer is one to the other, too: the same hits, and all its counts."""
        return self.name == other.name and other.counted <= self.counted


def same_answer() -> None:
    """From a callback: what is searched does not change, so the next run may show the answer of this one."""
    st.session_state["same"] = True


def _hits(lake: Api, state: PageState, search: Search) -> tuple[PageState, dict[str, Any]]:
    for _ in range(2):
        known = cursors(search)
        try:
            if not walk(lake, search, known, state.page - 1):
                total = views.total_of(
                    state.level, lake.search(replace(search, facets=(), histograms=(), limit=0))["totals"]
                )
                state = state.showing(page=views.pages_of(total))
                walk(lake, search, known, state.page - 1)
            return state, lake.search(replace(search, cursor=known.get(state.page - 1)))
        except Problem as problem:
            if not (problem.code.endswith("cursor") and known):
                raise
            known.clear()  # too old, or of another index: walk again from the first page
    raise Problem(410, "This page is gone", "The lake changes while it is read. Try again.")


def walk(lake: Api, search: Search, known: dict[int, str], wanted: int) -> bool:
    """Leave ``wanted`` pages behind; the cursors on the way go into ``known``. False when there are not so many."""
    start = max((pages for pages in known if pages <= wanted), default=0)
    begin = replace(search, cursor=known.get(start))
    for behind, cursor in lake.cursors(begin, (wanted - start) * views.ROWS):
        known[start + behind // views.ROWS] = cursor
    return wanted == 0 or wanted in known


def cursors(search: Search) -> dict[int, str]:
    """Cursors by the number of pages they leave behind, of this search only; forgotten with the next search."""
    name = json.dumps(search.body(), sort_keys=True)
    kept = st.session_state.get("cursors")
    if kept is None or kept[0] != name:
        kept = st.session_state["cursors"] = (name, {})
    return kept[1]


def whole_lake(lake: Api, answer: Mapping[str, Any]) -> dict[str, int]:
    """Totals of the whole lake, asked for once a generation of the index."""
    kept = st.session_state.get("whole")
    if kept is None or kept[0] != (lake.url, answer["generation"]):
        whole = lake.search(Search(limit=0))
        kept = st.session_state["whole"] = ((lake.url, whole["generation"]), whole["totals"])
    return kept[1]


def opened(lake: Api, state: PageState) -> dict[str, Any]:
    """What the detail shows, in words where it cannot."""
    assert state.open is not None
    kind, uid, asked = state.open.kind, state.open.uid, str(state.open)
    try:
        if kind == "study":
            return details.of_study(lake.study(uid), asked)
        if kind == "patient":
            filters = {"PatientID": [uid]}
            return details.of_patient(
                uid, lake.search(Search(level="study", filters=filters, sort=["StudyDate"])), asked
            )
        return _opened_series(lake, kind, uid, asked)
    except Away:
        return details.failed(kind, uid, "Not answering", "The Dicomlake API does not answer. Try again.", asked)
    except Problem as problem:
        return details.failed(kind, uid, problem.title, problem.detail, asked)


def _opened_series(lake: Api, kind: str, uid: str, asked: str) -> dict[str, Any]:
    instance = lake.instance(uid) if kind == "instance" else None
    series = lake.series(instance["SeriesInstanceUID"] if instance else uid)
    listed = [one["SOPInstanceUID"] for one in series["instances"]]
    if instance is None and listed:
        uid, instance = listed[0], lake.instance(listed[0])
    place = listed.index(uid) if uid in listed else 0
    return details.of_series(series, place, instance, asked)
