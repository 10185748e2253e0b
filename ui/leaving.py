"""From one page to another: a callback says where to, the page goes there before it paints."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.state import PageState

_WHERE = "leaving_for"


def leave(state: PageState) -> None:
    """Show this search on the page Search, from a callback of another page."""
    st.session_state[_WHERE] = state.parameters()


def left(search: StreamlitPage) -> None:
    """Go where a callback of this run wanted to."""
    parameters = st.session_state.pop(_WHERE, None)
    if parameters is not None:
        st.switch_page(search, query_params=[(name, value) for name, values in parameters.items() for value in values])
