"""The page Quality: reads the address, asks the API, paints."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ui import queries, toasts
from ui.client import Away, Problem, lake
from ui.components import component
from ui.conditions import conditions, without
from ui.labels import page as chosen
from ui.labels import shown
from ui.leaving import leave, visit
from ui.quality import data
from ui.quality.address import BY, TABS, QualityState
from ui.search.address import given, written
from ui.search.nothing import away, state_in_words
from ui.state import PageState, QueryError, parse_open
from ui.words import say


def current() -> QualityState:
    """The state in the address. Raises QueryError, and Away where the API would have to tell what a search is."""
    return QualityState.parse(given())


def go(state: QualityState) -> None:
    """Make a state the address."""
    try:
        within = written(state.within.parameters())
    except (Away, Problem):
        st.toast(say("search.not_kept"), icon=":material/error:")
    else:
        st.query_params.from_dict(state.own() | within)


def main() -> None:
    """Paint the page."""
    st.set_page_config(page_title=f"{say('quality.title')} – Dicomlake")
    try:
        state = current()
    except Away as error:
        away(lake(), error)
        return
    except QueryError as error:
        with state_in_words(say("search.link_broken"), queries.told(error)):
            st.button(say("search.anew"), type="primary", key="anew", on_click=st.query_params.clear)
        return
    tabs(state)
    if state.tab in ("codes", "completeness"):
        scope(state.within)
    try:
        _PARTS[state.tab](state)
    except Away as error:
        away(lake(), error)
    except Problem as problem:
        state_in_words(problem.title, problem.detail)


def tabs(state: QualityState) -> None:
    """Which part is shown."""
    st.session_state["tab"] = state.tab
    st.segmented_control(
        say("quality.title"),
        TABS,
        key="tab",
        required=True,
        format_func=lambda tab: say(f"quality.tab_{tab}"),
        label_visibility="collapsed",
        on_change=lambda: go(current().but(tab=st.session_state["tab"], of="")),
    )


def scope(within: PageState) -> None:
    """The search that is looked at."""
    component("conditions")(
        key="scope",
        data={"items": [one.chip() for one in conditions(within)], "hint": say("quality.whole_lake")},
        on_drop_change=_scoped("drop", without),
        on_clear_change=_scoped("clear", lambda state, _: PageState(level=state.level)),
    )


def _scoped(trigger: str, act: Callable[[PageState, Any], PageState]) -> Callable[[], None]:
    def callback() -> None:
        state = current()
        go(state.but(within=act(state.within, st.session_state["scope"][trigger])))

    return callback


def codes(state: QualityState) -> None:
    """What is wrong with headers."""
    painted = data.codes(lake().quality(selection(state.within)))
    if not painted["codes"]:
        state_in_words(say("quality.no_codes"))
        return
    st.caption(say("quality.codes_lead"))
    component("codes")(key="codes", data=painted, on_show_change=show_code, on_open_change=open_example)


def show_code() -> None:
    """The search for everything with a code."""
    within = current().within
    code = st.session_state["codes"]["show"]
    leave(within.asking(filters={**within.filters, "quality": (code,)}, open=None))


def open_example() -> None:
    """The instance that is an example of a code."""
    leave(PageState(level="instance", open=parse_open(st.session_state["codes"]["open"])))


def completeness(state: QualityState) -> None:
    """Which fields have values, by maker, body part or the like, and by year."""
    within, level = state.within, state.within.level
    unit = say(f"units.many_{'instance' if level == 'instance' else 'series'}")
    asked = selection(within) | {"by": state.by, "columns": 12}
    with st.container(key="matrix_choice"):
        compared(state)
    if state.of:
        st.button(say("quality.back"), icon=":material/arrow_back:", key="back", on_click=_fields)
        answer = lake().completeness(asked | {"fields": [state.of], "years": "StudyDate"})
        st.caption(say("quality.years_lead", field=shown(state.of).label, units=unit))
        painted = data.yearly(answer, _counted(level))
    else:
        answer = lake().completeness(asked | {"fields": list(state.rows) or chosen()["completeness"]})
        st.caption(say("quality.completeness_lead", units=unit))
        painted = data.heat(answer, _counted(level))
    if not answer["columns"]:
        state_in_words(say("quality.nothing_here"))
        return
    st.session_state["matrix"] = answer
    component("heat")(key="heat", data=painted, on_cell_change=open_cell, on_row_change=by_year)


def _counted(level: str) -> str:
    return "instance" if level == "instance" else "series"


def compared(state: QualityState) -> None:
    """What is compared with what."""
    fields = chosen()["completeness"]
    st.session_state["compared"] = list(state.rows) or fields
    st.session_state["by"] = state.by
    left, right = st.columns([3, 1])
    with left:
        st.multiselect(
            say("quality.rows"),
            list(dict.fromkeys([*fields, *state.rows, *chosen()["more_completeness"]])),
            key="compared",
            max_selections=40,
            format_func=lambda path: shown(path).label,
            on_change=lambda: go(current().but(rows=_unusual(st.session_state["compared"]), of="")),
        )
    with right:
        st.selectbox(
            say("quality.by"),
            list(dict.fromkeys([*chosen()["completeness_by"], state.by])),
            key="by",
            format_func=lambda path: shown(path).label,
            on_change=lambda: go(current().but(by=st.session_state["by"] or BY)),
        )


def _unusual(rows: list[str]) -> tuple[str, ...]:
    """Rows for the address, none where they are the usual ones."""
    return () if rows == chosen()["completeness"] else tuple(rows)


def _fields() -> None:
    go(current().but(of=""))


def by_year() -> None:
    """One field, by year."""
    go(current().but(of=st.session_state["heat"]["row"]))


def open_cell() -> None:
    """The search behind a cell."""
    answer: Mapping[str, Any] = st.session_state["matrix"]
    behind = data.search_behind(answer, current().within, st.session_state["heat"]["cell"])
    if behind is not None:
        leave(behind)


def values(state: QualityState) -> None:
    """Values that no rule of canonicalisation knows."""
    answer = lake().unmapped()
    if not data.rules(answer):
        state_in_words(say("quality.no_values"))
        return
    st.caption(say("quality.values_lead"))
    st.download_button(
        say("quality.export_rules"),
        lake().rules,
        file_name="rules.yml",
        mime="text/plain",
        icon=":material/download:",
        key="rules",
        on_click="ignore",
    )
    st.caption(say("quality.export_how"))
    for table in data.unmapped(answer):
        component("listing")(key=f"values_{table['field']}", data=table, on_open_change=_with_value(table["field"]))


def _with_value(field: str) -> Callable[[], None]:
    def callback() -> None:
        leave(PageState(filters={field: (st.session_state[f"values_{field}"]["open"],)}))

    return callback


def quarantine(state: QualityState) -> None:
    """Files that could not be indexed."""
    answer = lake().quarantine()
    st.caption(say("quality.quarantine_lead"))
    if not answer["files"]:
        state_in_words(say("quality.no_quarantine"))
        return
    st.button(say("quality.retry"), key="retry", icon=":material/refresh:", on_click=retry)
    component("listing")(key="quarantined", data=data.quarantined(answer))


def retry() -> None:
    """Read everything in quarantine again: a job, watched on the page Index."""
    try:
        lake().start("retry")
    except (Away, Problem) as error:
        toasts.refused(error)
    else:
        visit("index", {})


_PARTS = {"codes": codes, "completeness": completeness, "values": values, "quarantine": quarantine}


def selection(within: PageState) -> dict[str, Any]:
    """The part of a search that selects, as the API takes it."""
    return {
        "q": within.q,
        "level": within.level,
        "filters": {path: list(values) for path, values in within.filters.items()},
        "exclude": {path: list(values) for path, values in within.exclude.items()},
        "ranges": {path: [{"min": low, "max": high} for low, high in of] for path, of in within.ranges.items()},
    }
