"""The search page: reads the address, asks the API, paints. Whatever is clicked becomes another address."""

import html
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from ui import details, views
from ui.client import Api, Away, Problem, Search, api
from ui.components import component
from ui.labels import page
from ui.launch import API_URL, DEFAULT_API_URL
from ui.state import KINDS, PageState, QueryError, parse_open

_LEVEL_LABELS: Final = {"series": "Series", "study": "Studies", "patient": "Patients", "instance": "Instances"}
_SYNTAX: Final = """
| Write | to find |
|---|---|
| `lung nodule` | both words, in any text |
| `"lung nodule"` | the phrase |
| `Modality:CT` | a value of a field |
| `Modality:(CT OR MR)` | one of several values |
| `SliceThickness:[0 TO 1.5]` | a range; `{` `}` leave a bound out |
| `StudyDate:2019-03` | a month; `2019` the year |
| `Manufacturer:SIE*` | a beginning |
| `-BodyPartExamined:CHEST` | everything but |
| `_exists_:ContrastBolusAgent` | any value at all |
| `(0019,"SIEMENS MR HEADER",0C):1000` | a private element, by its creator |

Join with `AND`, `OR`, `NOT` and parentheses. Every DICOM keyword is a field.
"""


def current() -> PageState:
    """The state in the address. Raises QueryError."""
    return PageState.parse({name: st.query_params.get_all(name) for name in st.query_params})


def go(state: PageState) -> None:
    """Make a state the address: one entry of the browser's history, one run of this script."""
    try:
        st.query_params.from_dict(state.parameters())
    except QueryError as error:
        st.session_state["refused"] = str(error)


def on(name: str, trigger: str, act: Callable[[PageState, Any], PageState]) -> Callable[[], None]:
    """What to do when the component with key ``name`` sends ``trigger``."""

    def callback() -> None:
        go(act(current(), st.session_state[name][trigger]))

    return callback


def asked_of(state: PageState, **changes: Any) -> Search:
    """The search that a state stands for, without facets and hits."""
    return replace(Search(state.q, state.level, dict(state.filters), sort=views.order(state), limit=0), **changes)


def main() -> None:
    """Paint the page."""
    try:
        state = current()
    except QueryError as error:
        nothing("This link cannot be read", str(error))
        st.button("Start anew", type="primary", on_click=st.query_params.clear)
        return
    if refused := st.session_state.pop("refused", None):
        st.toast(refused, icon=":material/error:")
    title(state)
    lake = api(os.environ.get(API_URL, DEFAULT_API_URL))
    query_bar(state)
    broken = st.container(key="broken")
    choice(state)
    tiles = st.container()
    found = st.container(key="found")

    answer: dict[str, Any] | None = None
    try:
        state, answer = hits(lake, state)
        whole = whole_lake(lake, answer)
    except Away:
        with found:
            away(lake)
    except Problem as problem:
        with broken:
            refusal(state.q, problem)
        with found:
            nothing("No hits to show", "Mend the query above, or remove a condition." if problem.status < 500 else "")
    with st.sidebar:
        rail(state, answer)
    if answer is None:
        return
    with tiles:
        counts(answer, whole)
    with found:
        if whole["series"] == 0:
            first_run()
        elif views.total_of(state.level, answer["totals"]) == 0:
            no_hits(lake, state)
        elif state.open is None:
            results(state, answer)
        else:
            left, right = st.columns([1.25, 1], gap="small")
            with left:
                results(state, answer)
            with right:
                detail(lake, state)


def title(state: PageState) -> None:
    """Name the browser's tab by what is searched."""
    said = [condition.value for condition in views.conditions(state)][:4]
    st.set_page_config(page_title=f"{', '.join(said)} – Dicomlake" if said else "Dicomlake")


# ---- asking


def hits(lake: Api, state: PageState) -> tuple[PageState, dict[str, Any]]:
    """A page of hits with facets and totals; the last page where the address asks for one behind it.

    Raises Away and Problem.
    """
    search = asked_of(
        state, facets=page()["facets"], fields=views.fields_of(views.columns(state.level)), limit=views.ROWS
    )
    for _ in range(2):
        known = cursors(search)
        try:
            if not walk(lake, search, known, state.page - 1):
                total = views.total_of(state.level, lake.search(replace(search, facets=(), limit=0))["totals"])
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


# ---- painting


def query_bar(state: PageState) -> None:
    """The query, and how to write one."""
    st.session_state["query"] = state.q
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        st.text_input(
            "Query",
            key="query",
            type="search",
            max_chars=8_000,
            icon=":material/search:",
            label_visibility="collapsed",
            placeholder='Search descriptions, or  Modality:CT AND SliceThickness:[0 TO 1.5] AND "low dose"',
            on_change=lambda: go(current().asking(q=st.session_state["query"].strip())),
        )
        with st.popover("Syntax", icon=":material/help:", key="syntax", width="content"):
            st.markdown(_SYNTAX)


def choice(state: PageState) -> None:
    """What a hit is, and the conditions in force."""
    st.session_state["level"] = state.level
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="choice"):
        st.segmented_control(
            "Hits are",
            KINDS,
            key="level",
            required=True,
            format_func=_LEVEL_LABELS.__getitem__,
            label_visibility="collapsed",
            on_change=lambda: go(current().asking(level=st.session_state["level"], sort=(), open=None)),
        )
        items = [_chip(condition) for condition in views.conditions(state)]
        component("conditions")(
            key="conditions",
            data={"items": items, "hint": "Everything in the lake. Choose values on the left or type a query."},
            on_drop_change=on("conditions", "drop", without),
            on_clear_change=on("conditions", "clear", lambda state, _: cleared(state)),
        )


def _chip(condition: views.Condition) -> dict[str, Any]:
    return {name: getattr(condition, name) for name in ("id", "label", "value", "missing")}


def without(state: PageState, id: str) -> PageState:
    """The state without one condition, as it is where the condition is gone already."""
    return next((one.without for one in views.conditions(state) if one.id == id), state)


def cleared(state: PageState) -> PageState:
    """The state without any condition."""
    return state.asking(q="", filters={})


def rail(state: PageState, answer: Mapping[str, Any] | None) -> None:
    """The facet rail; without an answer it still shows what is selected."""
    component("facets")(
        key="facets",
        data={
            "cards": views.cards(state, answer["facets"] if answer else {}),
            "click": st.session_state.get("click", 0),
        },
        on_choose_change=choose,
    )


def choose() -> None:
    """A click in the rail. It carries the whole selection, so that clicks faster than answers add up."""
    click = st.session_state["facets"]["choose"]
    st.session_state["click"] = click["click"]
    state = current()
    chosen = {
        path: tuple(None if value is None else str(value) for value in values)
        for path, values in click["selected"].items()
    }
    merged = {**state.filters, **chosen}
    go(state.asking(filters={path: values for path, values in merged.items() if values}))


def counts(answer: Mapping[str, Any], whole: Mapping[str, int]) -> None:
    """The counts row."""
    component("counts")(key="counts", data={"tiles": views.counts(answer["totals"], whole)})


def results(state: PageState, answer: Mapping[str, Any]) -> None:
    """The table."""
    component("results")(
        key="results",
        data=views.table(state, answer),
        on_sort_change=on("results", "sort", lambda state, sort: state.asking(sort=(sort,))),
        on_open_change=on("results", "open", lambda state, id: state.showing(open=parse_open(id))),
        on_page_change=on("results", "page", lambda state, number: state.showing(page=max(1, int(number)))),
    )


def detail(lake: Api, state: PageState) -> None:
    """The detail of the open hit."""
    component("detail")(
        key="detail",
        data=opened(lake, state),
        on_shut_change=on("detail", "shut", lambda state, _: state.showing(open=None)),
        on_open_change=on("detail", "open", lambda state, id: state.showing(open=parse_open(id))),
    )


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


# ---- states in words


def refusal(query: str, problem: Problem) -> None:
    """A refused query, pointing at the character that is at fault."""
    pointer = ""
    if problem.position is not None and query:
        at = min(problem.position, len(query))
        before, fault, after = query[:at], query[at : at + 1] or " ", query[at + 1 :]
        pointer = f"<pre>{html.escape(before)}<mark>{html.escape(fault)}</mark>{html.escape(after)}</pre>"
    st.html(
        f'<div class="dl-problem" role="alert">{pointer}<b>{html.escape(problem.title)}:</b> '
        f"{html.escape(problem.detail)}</div>"
    )


def nothing(title: str, text: str = "") -> None:
    """A state without hits, in words."""
    st.html(f'<div class="dl-nothing"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>')


def away(lake: Api) -> None:
    """The API does not answer."""
    nothing("The Dicomlake server does not answer", f"Nobody is listening at {lake.url}.")
    st.code("dicomlake serve --data ./lake", language=None)
    st.button("Try again", type="primary", icon=":material/refresh:", key="again")


def first_run() -> None:
    """The lake is empty."""
    nothing(
        "This lake is empty", "Index a folder of DICOM files, or make a sample archive and index that; then reload."
    )
    st.code(
        "dicomlake index FOLDER --data ./lake\n\ndicomlake sample ./archive\ndicomlake index ./archive --data ./lake",
        language=None,
    )
    st.button("Reload", type="primary", icon=":material/refresh:", key="again")


def no_hits(lake: Api, state: PageState) -> None:
    """No hit: which condition to drop, found by counting."""
    gains = []
    for condition in views.conditions(state):
        try:
            total = views.total_of(state.level, lake.search(asked_of(condition.without))["totals"])
        except (Away, Problem):
            continue
        if total:
            gains.append(_chip(condition) | {"gain": views.units(state.level, total)})
    name = views.UNITS[state.level][1]
    if gains:
        nothing(f"No {name} match", "Without one of these conditions there would be some:")
    else:
        nothing(f"No {name} match", "Removing a single condition does not help; clear them all.")
    component("conditions")(
        key="suggestions",
        data={"items": gains or [_chip(one) for one in views.conditions(state)], "centred": True, "hint": ""},
        on_drop_change=on("suggestions", "drop", without),
        on_clear_change=on("suggestions", "clear", lambda state, _: cleared(state)),
    )
