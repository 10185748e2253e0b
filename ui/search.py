"""The search page: reads the address, asks the API, paints. Whatever is clicked becomes another address."""

import html
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import views
from ui.asking import asked_of, hits, opened, whole_lake
from ui.client import Api, Away, Problem, api
from ui.components import component
from ui.launch import API_URL, DEFAULT_API_URL
from ui.state import KINDS, PageState, QueryError, parse_open

_LEVEL_LABELS: Final = {"series": "Series", "study": "Studies", "patient": "Patients", "instance": "Instances"}
_COMMANDS: Final = 460
"""Pixels of a box with commands to type."""
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


def main() -> None:
    """Paint the page."""
    try:
        state = current()
    except QueryError as error:
        with state_in_words("This link cannot be read", str(error)):
            st.button("Start anew", type="primary", key="anew", on_click=st.query_params.clear)
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
        state, got = hits(lake, state)
        whole = whole_lake(lake, got)
        answer = got
    except Away:
        with found:
            away(lake)
    except Problem as problem:
        with broken:
            refusal(state.q, problem)
        with found:
            state_in_words("No hits to show", "Mend the query, or remove a condition." if problem.status < 500 else "")
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
        else:
            # Always two columns (style.css hides an empty one): elsewhere on the page the table would be another one,
            # and lose focus and place.
            left, right = st.columns([1.25, 1], gap="small")
            with left:
                results(state, answer)
            if state.open is not None:
                with right:
                    detail(lake, state)


def title(state: PageState) -> None:
    """Name the browser's tab by what is searched."""
    said = [condition.value for condition in views.conditions(state)][:4]
    st.set_page_config(page_title=f"{', '.join(said)} – Dicomlake" if said else "Dicomlake")


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
    return state.asking(q="", filters={}, exclude={})


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


def state_in_words(title: str, text: str = "") -> DeltaGenerator:
    """A state without hits; what helps goes into the container this gives."""
    st.html(f'<div class="dl-nothing"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>')
    return st.container(horizontal_alignment="center", gap="medium")


def away(lake: Api) -> None:
    """The API does not answer."""
    with state_in_words("The Dicomlake server does not answer", f"Nobody is listening at {lake.url}. To start it:"):
        st.code("dicomlake serve --data ./lake", language=None, width=_COMMANDS)
        st.button("Try again", type="primary", icon=":material/refresh:", key="again")


def first_run() -> None:
    """The lake is empty."""
    with state_in_words("This lake is empty", "Index a folder of DICOM files, or a sample archive to try it out."):
        st.code("dicomlake index FOLDER --data ./lake", language=None, width=_COMMANDS)
        st.code("dicomlake sample ./archive\ndicomlake index ./archive --data ./lake", language=None, width=_COMMANDS)
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
        state_in_words(f"No {name} match", "Without one of these conditions there would be some:")
    else:
        state_in_words(f"No {name} match", "Removing a single condition does not help; clear them all.")
    component("conditions")(
        key="suggestions",
        data={"items": gains or [_chip(one) for one in views.conditions(state)], "centred": True, "hint": ""},
        on_drop_change=on("suggestions", "drop", without),
        on_clear_change=on("suggestions", "clear", lambda state, _: cleared(state)),
    )
