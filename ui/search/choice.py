"""What a hit is, and the conditions in force, each of which can be dropped."""

import streamlit as st

from ui.components import component
from ui.conditions import cleared, conditions, without
from ui.search.address import current, go, on
from ui.state import KINDS, PageState
from ui.words import say


def choice(state: PageState) -> None:
    """What a hit is, and the conditions in force."""
    st.session_state["level"] = state.level
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="choice"):
        st.segmented_control(
            say("search.hits_are"),
            KINDS,
            key="level",
            required=True,
            format_func=lambda level: say(f"search.{level}"),
            label_visibility="collapsed",
            on_change=lambda: go(current().asking(level=st.session_state["level"], sort=(), open=None)),
        )
        component("conditions")(
            key="conditions",
            data={"items": [one.chip() for one in conditions(state)], "hint": say("search.everything")},
            on_drop_change=on("conditions", "drop", without),
            on_clear_change=on("conditions", "clear", lambda state, _: cleared(state)),
        )
