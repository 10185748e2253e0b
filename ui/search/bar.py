"""The query bar: completes what is typed, points at what cannot be read, remembers what was asked.

A completion is a rerun of the bar's fragment alone. The browser could ask the API itself, but the API takes no requests
from other origins, and the page stays usable with an API that only its server can reach.
"""

import html
from typing import Any, Final

import streamlit as st

from ui import queries
from ui.asking import same_answer
from ui.client import Api, Away, Problem
from ui.completions import LISTED, completion
from ui.components import component
from ui.history import asked_before, forget, remember
from ui.search.address import changes_page, current, go, whole_page
from ui.state import PageState
from ui.words import say

_COMPLETION: Final = "completion"
_ASKED: Final = "asked"
_OFFERED: Final = "offered"


def offer(answer: dict[str, Any] | None) -> None:
    """Values of an answer are offered while somebody types."""
    st.session_state[_OFFERED] = answer["facets"] if answer else {}


@st.fragment
def query_bar(lake: Api, state: PageState) -> None:
    """The query bar, with what is wrong with the query."""
    whole_page()
    component("bar")(
        key="bar",
        data={
            "q": state.q,
            "asked": st.session_state.get(_ASKED, 0),
            "placeholder": say("search.placeholder"),
            "history": asked_before(lake),
            "problem": _problem(state.q),
            "completion": st.session_state.get(_COMPLETION),
            "panel": state.panel,
        },
        on_ask_change=lambda: _ask(lake),
        on_complete_change=lambda: _complete(lake),
        on_panel_change=_panel,
        on_forget_change=lambda: forget(lake),
    )


def _problem(text: str) -> dict[str, Any] | None:
    """What is wrong with the query, for the bar to mark."""
    problem = queries.fault(text)
    if problem is None:
        return None
    start, end = queries.marked(text, problem) or (None, None)
    is_named = problem.code == "unknown-field" and problem.field and problem.nearest
    offered = [{"label": name, "q": mended} for name, mended in queries.fixes(text, problem)]
    return {
        "q": text,
        "start": start,
        "end": end,
        "title": problem.title,
        "detail": say("search.no_such_field", name=problem.field) if is_named else problem.detail,
        "lang": problem.spoken,
        "fixes": offered,
    }


def _ask(lake: Api) -> None:
    asked = st.session_state["bar"]["ask"]
    text = str(asked["q"]).strip()
    st.session_state[_ASKED] = asked["number"]
    changes_page()
    st.session_state.pop(_COMPLETION, None)
    if queries.fault(text) is None:
        remember(lake, text)
    go(current().asking(q=text))


def _complete(lake: Api) -> None:
    typed = st.session_state["bar"]["complete"]
    text, position = str(typed["q"]), int(typed["position"])
    try:
        answer = lake.suggest(q=text, position=position, limit=LISTED)
    except (Away, Problem):
        st.session_state.pop(_COMPLETION, None)
        return
    found = completion(answer, text, position, st.session_state.get(_OFFERED, {}))
    st.session_state[_COMPLETION] = found | {"number": typed["number"]}


def _panel() -> None:
    """Open a panel below the bar, or close the one that is open."""
    name = str(st.session_state["bar"]["panel"])
    state = current()
    changes_page()
    same_answer()
    go(state.showing(panel="" if state.panel == name else name))


def refusal(problem: Problem) -> None:
    """What the API refused although the query can be read: it costs too much, or the service cannot answer."""
    spoken = f' lang="{problem.spoken}"' if problem.spoken else ""
    detail = f"<span{spoken}>{html.escape(problem.detail)}</span>"
    st.html(f'<div class="dl-problem" role="alert"><b>{html.escape(problem.title)}.</b> {detail}</div>')
