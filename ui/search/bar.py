"""The query bar: the query, and how to write one; what was refused points at the character at fault."""

import html
from typing import Final

import streamlit as st

from ui.client import Problem
from ui.search.address import current, go
from ui.state import PageState
from ui.words import say

_EXAMPLES: Final = {
    "syntax_words": "lung nodule",
    "syntax_phrase": '"lung nodule"',
    "syntax_value": "Modality:CT",
    "syntax_values": "Modality:(CT OR MR)",
    "syntax_range": "SliceThickness:[0 TO 1.5]",
    "syntax_date": "StudyDate:2019-03",
    "syntax_prefix": "Manufacturer:SIE*",
    "syntax_not": "-BodyPartExamined:CHEST",
    "syntax_exists": "_exists_:ContrastBolusAgent",
    "syntax_private": '(0019,"SIEMENS MR HEADER",0C):1000',
}


def syntax() -> str:
    """How to write a query, as Markdown."""
    rows = [f"| `{example}` | {say(f'search.{key}')} |" for key, example in _EXAMPLES.items()]
    head = f"| {say('search.syntax_write')} | {say('search.syntax_find')} |"
    return "\n".join([head, "|---|---|", *rows, "", say("search.syntax_join")])


def query_bar(state: PageState) -> None:
    """The query, and how to write one."""
    st.session_state["query"] = state.q
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        st.text_input(
            say("search.query"),
            key="query",
            type="search",
            max_chars=8_000,
            icon=":material/search:",
            label_visibility="collapsed",
            placeholder=say("search.placeholder"),
            on_change=lambda: go(current().asking(q=st.session_state["query"].strip())),
        )
        with st.popover(say("search.syntax"), icon=":material/help:", key="syntax", width="content"):
            st.markdown(syntax())


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
