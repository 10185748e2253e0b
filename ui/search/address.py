"""The address of the search page: what it says, and how a click makes another of it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.state import PageState, QueryError


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
