"""What a hit is, and the conditions in force, each of which can be dropped."""

from typing import Any

import streamlit as st

from ui import views
from ui.components import component
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
        items = [chip(condition) for condition in views.conditions(state)]
        component("conditions")(
            key="conditions",
            data={"items": items, "hint": say("search.everything")},
            on_drop_change=on("conditions", "drop", without),
            on_clear_change=on("conditions", "clear", lambda state, _: cleared(state)),
        )


def chip(condition: views.Condition) -> dict[str, Any]:
    """A condition as the component paints it."""
    return {name: getattr(condition, name) for name in ("id", "label", "value", "missing")}


def without(state: PageState, id: str) -> PageState:
    """The state without one condition, as it is where the condition is gone already."""
    return next((one.without for one in views.conditions(state) if one.id == id), state)


def cleared(state: PageState) -> PageState:
    """The state without any condition."""
    return state.asking(q="", filters={}, exclude={}, ranges={})
