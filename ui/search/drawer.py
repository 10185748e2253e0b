"""The detail of the open hit, and its pictures."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui import columns as columns_of
from ui import details, pictures, toasts, views
from ui.asking import hits, opened, same_answer
from ui.client import Api, Away, Problem
from ui.components import component
from ui.search.address import current, go, on
from ui.search.results import arrange, columns
from ui.state import PageState, parse_open

_FRAMES: Final = "frames_asked"


def detail(lake: Api, state: PageState, answer: Mapping[str, Any], shown: Sequence[str]) -> dict[str, Any]:
    """The detail of the open hit; gives what was painted."""
    assert state.open is not None
    data = opened(lake, state)
    ids = [views.open_id(state.level, hit) for hit in answer["hits"]]
    first = (state.page - 1) * views.ROWS + 1
    data["around"] = details.around(str(state.open), ids, first, views.total_of(state.level, answer["totals"]))
    component("detail")(
        key="detail",
        data={**data, "api": lake.url},
        on_shut_change=on("detail", "shut", lambda state, _: state.showing(open=None)),
        on_open_change=on("detail", "open", lambda state, id: state.showing(open=parse_open(id))),
        on_turn_change=lambda: _turn(lake, 1 if st.session_state["detail"]["turn"] > 0 else -1),
        on_similar_change=lambda: _similar(lake, st.session_state["detail"]["similar"]),
        on_act_change=lambda: _act(lake, st.session_state["detail"]["act"], list(shown)),
    )
    return data


def _turn(lake: Api, way: int) -> None:
    """Open the first hit of the next page, or the last of the page before."""
    state = current()
    try:
        state, answer = hits(lake, state.showing(page=max(1, state.page + way)), columns(lake, state))
    except (Away, Problem):
        return
    ids = [id for hit in answer["hits"] if (id := views.open_id(state.level, hit))]
    if ids:
        same_answer()
        go(state.showing(page=state.page, open=parse_open(ids[0 if way > 0 else -1])))


def _similar(lake: Api, uid: str) -> None:
    try:
        hit = lake.series(uid)["series"]
    except (Away, Problem):
        return
    go(details.similar(current(), hit))


def _act(lake: Api, act: Mapping[str, Any], shown: list[str]) -> None:
    """What was chosen for a value of the header: a filter, an exclusion, a column, an order."""
    state, path = current(), str(act["path"])
    match act["do"]:
        case "only":
            go(narrowed(state, path, str(act["value"])))
        case "without":
            go(narrowed(state, path, str(act["value"]), without=True))
        case "column" if path not in shown:
            arrange(lake, [path, *shown][: columns_of.MOST])
        case "sort":
            go(state.asking(sort=(path,)))


def narrowed(state: PageState, path: str, value: str, *, without: bool = False) -> PageState:
    """The search for hits that have a value, or that do not have it; the detail stays open."""
    others = tuple(one for one in state.exclude.get(path, ()) if one != value)
    if without:
        kept = {**state.filters, path: tuple(one for one in state.filters.get(path, ()) if one != value)}
        return state.asking(filters=_some(kept), exclude={**state.exclude, path: (*others, value)})
    return state.asking(filters={**state.filters, path: (value,)}, exclude=_some({**state.exclude, path: others}))


def _some(chosen: Mapping[str, Sequence[str | None]]) -> dict[str, Sequence[str | None]]:
    """The fields of which some value is left."""
    return {name: values for name, values in chosen.items() if values}


@st.fragment
def frames(lake: Api, viewer: Mapping[str, Any]) -> None:
    """The images of the open series and the addresses of those around the one that is looked at. A fragment: scrolling
    and windows are no reason to search again."""
    uid = viewer["series"]
    data: dict[str, Any] = {"series": uid, "links": {}, "api": lake.url, "images": None}
    try:
        listing = _listing(lake, uid)
        data["images"] = pictures.in_words(listing)
        if listing["images"]:
            data["links"] = _links(lake, listing, viewer)
    except (Away, Problem) as error:
        data["refused"] = toasts.words(error)
    component("pictures")(
        key="frames",
        data=data,
        on_ask_change=lambda: st.session_state.update({_FRAMES: st.session_state["frames"]["ask"]}),
    )


def _listing(lake: Api, uid: str) -> dict[str, Any]:
    """The images of a series, kept while it is open."""
    kept: tuple[str, str, dict[str, Any]] | None = st.session_state.get("listing")
    if kept is None or kept[:2] != (lake.url, uid):
        kept = st.session_state["listing"] = (lake.url, uid, lake.images(uid))
    return kept[2]


def _links(lake: Api, listing: Mapping[str, Any], viewer: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses around the place that the browser asked for, else around the one to begin with."""
    asked = st.session_state.get(_FRAMES) or {}
    if asked.get("series") == viewer["series"]:
        place, window = int(asked["place"]), str(asked["window"])
    else:
        place, window = pictures.start(listing, viewer), "default"
    part = pictures.part(listing, max(0, place))
    urls = lake.links(frames=[pictures.frame(uid, number, window=window) for uid, number in part])["frames"]
    return {pictures.name(uid, number, window): {"url": url} for (uid, number), url in zip(part, urls, strict=True)}
