"""The facet rail: one card a field, its counts, and what is chosen there."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui import views
from ui.components import component
from ui.search.address import current, go
from ui.state import PageState


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
