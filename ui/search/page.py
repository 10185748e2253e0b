"""The search page: reads the address, asks the API, paints. Whatever is clicked becomes another address."""

from typing import Any

import streamlit as st

from ui import queries, views
from ui.asking import hits, whole_lake
from ui.client import Away, Problem
from ui.client import lake as the_lake
from ui.details import pictured
from ui.search.address import current
from ui.search.bar import offer, query_bar, refusal
from ui.search.choice import choice
from ui.search.drawer import detail, frames
from ui.search.nothing import away, first_run, no_hits, state_in_words
from ui.search.panels import panel
from ui.search.rail import rail
from ui.search.results import columns, counts, results, thumbnails
from ui.search.tools import tools
from ui.state import QueryError
from ui.words import say


def main() -> None:
    """Paint the page."""
    lake = the_lake()
    try:
        state = current()
    except Away as error:
        away(lake, error)
        return
    except QueryError as error:
        with state_in_words(say("search.link_broken"), queries.told(error)):
            st.button(say("search.anew"), type="primary", key="anew", on_click=st.query_params.clear)
        return
    told()
    query_bar(lake, state)
    below = st.container(key="below")
    choice(state)
    tiles = st.container()
    found = st.container(key="found")

    answer: dict[str, Any] | None = None
    try:
        shown = columns(lake, state)
        if queries.fault(state.q) is None:  # else the bar says what is wrong, nobody needs to be asked
            state, got = hits(lake, state, shown)
            told()
            whole = whole_lake(lake, got)
            answer = got
        else:
            with found:
                state_in_words(say("search.no_hits_to_show"), say("search.mend"))
    except Away as error:
        with found:
            away(lake, error)
    except Problem as problem:
        with below:
            refusal(problem)
        with found:
            state_in_words(say("search.no_hits_to_show"), say("search.mend") if problem.status < 500 else "")
    with st.sidebar:
        rail(lake, state, answer)
    offer(answer)
    with below:
        panel(lake, state, answer)
    if answer is None:
        return
    with tiles:
        counts(answer, whole)
    with found:
        if whole["series"] == 0:
            first_run(lake)
        elif views.total_of(state.level, answer["totals"]) == 0:
            no_hits(lake, state)
        else:
            tools(lake, state, shown)
            painted = None
            with st.container(horizontal=True, gap="small", key="hits"):
                results(lake, state, answer, shown)
                if state.open is not None:
                    painted = detail(lake, state, answer, shown)
            if painted is not None and painted["viewer"] is not None:
                with st.container(key="pictures"):
                    frames(lake, painted["viewer"])
            thumbnails(lake, state, answer, pictured(painted))


def told() -> None:
    """Say what could not be done, once."""
    if refused := st.session_state.pop("refused", None):
        st.toast(refused, icon=":material/error:")
