"""What the page asks the API for: hits and their totals, and the detail of the open one.

What is kept between two runs of the script saves questions, it decides nothing: cursors of the pages of one search,
and the totals of the whole lake.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from ui import details, facets, paging, views
from ui.client import Api, Away, Problem, Search
from ui.preferences import preference
from ui.state import PageState
from ui.words import say


def asked_of(state: PageState, **changes: Any) -> Search:
    """The search that a state stands for, without facets and hits."""
    search = Search(state.q, state.level, dict(state.filters), sort=views.order(state), limit=0)
    return replace(search, exclude=dict(state.exclude), ranges=dict(state.ranges), **changes)


def hits(lake: Api, state: PageState, columns: Sequence[str]) -> tuple[PageState, dict[str, Any]]:
    """A page of hits with facets and totals; the last page where the address asks for one behind it.

    ``columns``: what the table shows of them.

    Raises Away and Problem.
    """
    counted, measured = facets.asked(preference(lake, "rail"))
    search = asked_of(
        state,
        facets=counted,
        histograms=measured,
        facet_limit=facets.LISTED,
        fields=views.fields_of([*columns, *views.CARD]),
        limit=views.ROWS,
    )
    same = st.session_state.pop("same", False)
    kept: _Answered | None = st.session_state.get("answered")
    answered = _Answered.of(lake, state, search)
    if same and kept is not None and kept.holds(answered):
        found, answer = kept.given
        return state.showing(page=found.page), answer
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
            return _page(lake, state, search, known)
        except Problem as problem:
            if not (problem.code.endswith("cursor") and known):
                raise
            known.clear()  # too old, or of another index: count again from the first page
    raise Problem({"title": say("results.gone"), "detail": say("results.gone_how")}, 410)


def _page(lake: Api, state: PageState, search: Search, known: dict[int, str]) -> tuple[PageState, dict[str, Any]]:
    """The page of a state, behind the nearest page whose end is known; the last one where there are not so many."""
    try:
        answer = _behind(lake, search, known, state.page - 1)
    except Problem as problem:
        if problem.code != "too-costly" or state.page == 1:
            raise
        return _far(lake, state, search, known)
    last = views.pages_of(views.total_of(state.level, answer["totals"]))
    if state.page > last and not answer["hits"]:
        return _page(lake, state.showing(page=last), search, known)
    return state, answer


def _behind(lake: Api, search: Search, known: dict[int, str], pages: int) -> dict[str, Any]:
    """The page behind so many; where it ends goes into ``known``."""
    start = max((number for number in known if number <= pages), default=0)
    answer = lake.search(replace(search, cursor=known.get(start), skip=(pages - start) * views.ROWS))
    if answer["cursor"]:
        known[pages + 1] = answer["cursor"]
    return answer


def _far(lake: Api, state: PageState, search: Search, known: dict[int, str]) -> tuple[PageState, dict[str, Any]]:
    """A page too far from the beginning for an order that is not at hand, read from the end where that is nearer; of
    one that is far from both the nearest that is not."""
    answer = lake.search(replace(search, limit=0))
    total = views.total_of(state.level, answer["totals"])
    page = paging.reachable(state.level, state.page, total)
    if page < state.page and page < views.pages_of(total):
        st.session_state["refused"] = say("results.too_deep")
    state = state.showing(page=page)
    if not paging.from_end(state.level, page, total):
        return state, _behind(lake, search, known, page - 1)
    return state, {**answer, "hits": paging.last_hits(lake, search, page, total), "cursor": None}


def cursors(search: Search) -> dict[int, str]:
    """Cursors by the number of pages they leave behind, of this search only; forgotten with the next search."""
    name = json.dumps(search.body(), sort_keys=True)
    kept = st.session_state.get("cursors")
    if kept is None or kept[0] != name:
        kept = st.session_state["cursors"] = (name, {})
    return kept[1]


def whole_lake(lake: Api, answer: Mapping[str, Any]) -> dict[str, int]:
    """Totals of the whole lake, asked for once a generation of the index."""
    kept: tuple[tuple[str, str], dict[str, int]] | None = st.session_state.get("whole")
    if kept is None or kept[0] != (lake.url, answer["generation"]):
        whole = lake.search(Search(limit=0))
        kept = st.session_state["whole"] = ((lake.url, whole["generation"]), whole["totals"])
    return kept[1]


def forget_whole() -> None:
    """Ask for the totals of the whole lake anew."""
    st.session_state.pop("whole", None)


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
        return details.failed(kind, uid, say("detail.not_answering"), say("detail.not_answering_how"), asked)
    except Problem as problem:
        title = say("detail.not_found") if problem.code == "not-found" else problem.title
        return details.failed(kind, uid, title, problem.detail, asked, problem.spoken)


def _opened_series(lake: Api, kind: str, uid: str, asked: str) -> dict[str, Any]:
    instance = lake.instance(uid) if kind == "instance" else None
    series = lake.series(instance["SeriesInstanceUID"] if instance else uid)
    listed = [one["SOPInstanceUID"] for one in series["instances"]]
    if instance is None and listed:
        uid, instance = listed[0], lake.instance(listed[0])
    place = listed.index(uid) if uid in listed else 0
    return details.of_series(
        series, place, instance, asked, lake.study(series["series"]["StudyInstanceUID"]), _codes(lake, instance)
    )


def _codes(lake: Api, instance: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is behind the quality issues of an instance, by code; nothing to ask for where there are none."""
    if instance is None or not instance.get("quality"):
        return {}
    filters = {"SOPInstanceUID": [instance["SOPInstanceUID"]]}
    return {one["code"]: one for one in lake.quality({"level": "instance", "filters": filters})["codes"]}
