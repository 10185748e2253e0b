"""States without hits, in words, with what helps."""

import html
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import views
from ui.asking import asked_of
from ui.client import Api, Away, Problem
from ui.components import component
from ui.search.address import on
from ui.search.choice import chip, cleared, without
from ui.state import PageState
from ui.words import say

_COMMANDS: Final = 460
"""Pixels of a box with commands to type."""


def state_in_words(title: str, text: str = "") -> DeltaGenerator:
    """A state without hits; what helps goes into the container this gives."""
    st.html(f'<div class="dl-nothing"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>')
    return st.container(horizontal_alignment="center", gap="medium")


def away(lake: Api) -> None:
    """The API does not answer."""
    with state_in_words(say("search.away"), say("search.away_how", url=lake.url)):
        st.code("dicomlake serve --data ./lake", language=None, width=_COMMANDS)
        st.button(say("search.again"), type="primary", icon=":material/refresh:", key="again")


def first_run() -> None:
    """The lake is empty."""
    with state_in_words(say("search.empty"), say("search.empty_how")):
        st.code("dicomlake index FOLDER --data ./lake", language=None, width=_COMMANDS)
        st.code("dicomlake sample ./archive\ndicomlake index ./archive --data ./lake", language=None, width=_COMMANDS)
        st.button(say("search.reload"), type="primary", icon=":material/refresh:", key="again")


def no_hits(lake: Api, state: PageState) -> None:
    """No hit: which condition to drop, found by counting."""
    gains = []
    for condition in views.conditions(state):
        try:
            total = views.total_of(state.level, lake.search(asked_of(condition.without))["totals"])
        except (Away, Problem):
            continue
        if total:
            gains.append(chip(condition) | {"gain": views.units(state.level, total)})
    title = say("search.none_match", units=say(f"units.many_{state.level}"))
    if gains:
        state_in_words(title, say("search.without_one"))
    else:
        state_in_words(title, say("search.clear_all"))
    component("conditions")(
        key="suggestions",
        data={"items": gains or [chip(one) for one in views.conditions(state)], "centred": True, "hint": ""},
        on_drop_change=on("suggestions", "drop", without),
        on_clear_change=on("suggestions", "clear", lambda state, _: cleared(state)),
    )
