"""From one page to another: a callback says where to, the page goes there before it paints."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.client import Away, Problem
from ui.search.address import written
from ui.state import PageState
from ui.words import say

SEARCH: Final = "search"
_WHERE: Final = "leaving_for"


def visit(page: str, parameters: Mapping[str, Sequence[str]]) -> None:
    """Show a page, by its name, at an address, from a callback of another page."""
    st.session_state[_WHERE] = page, parameters


def leave(state: PageState) -> None:
    """Show this search on the page Search, from a callback of another page."""
    try:
        visit(SEARCH, written(state.parameters()))
    except (Away, Problem):
        st.session_state["refused"] = say("search.not_kept")
        visit(SEARCH, {})


def left(pages: Mapping[str, StreamlitPage]) -> None:
    """Go where a callback of this run wanted to."""
    where = st.session_state.pop(_WHERE, None)
    if where is not None:
        page, parameters = where
        st.switch_page(pages[page], query_params={name: list(values) for name, values in parameters.items()})
