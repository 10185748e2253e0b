"""The facet rail: one card a field, its counts, what is chosen there, and which cards there are."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from mappings import registry
from ui import facets
from ui.asking import asked_of, same_answer
from ui.client import Api, Away, Problem, Search
from ui.components import component
from ui.labels import shown
from ui.preferences import prefer, preference
from ui.search.address import current, go
from ui.state import PageState

MORE: Final = 200
"""Values of a card that shows more."""

_CATALOGUE: Final = 40
"""Attributes that a search for one lists."""


def rail(lake: Api, state: PageState, answer: Mapping[str, Any] | None) -> None:
    """The facet rail; without an answer it still shows what is selected."""
    chosen = preference(lake, "rail")
    cards = facets.cards(state, answer, chosen)
    component("facets")(
        key="facets",
        data={
            "cards": cards,
            "selection": facets.selection(state, [card["field"] for card in cards]),
            "unit": "instance" if state.level == "instance" else "series",
            "click": st.session_state.get("click", 0),
            "took": answer["took_ms"] if answer else None,
            "found": found(lake, state, answer),
            "catalogue": catalogue(lake),
        },
        on_choose_change=choose,
        on_find_change=noticed("find"),
        on_catalogue_change=noticed("catalogue"),
        on_cards_change=lambda: keep(lake),
        on_fold_change=lambda: fold(lake),
    )


def choose() -> None:
    """A click in the rail. It carries the whole selection, so that clicks faster than answers add up."""
    click = st.session_state["facets"]["choose"]
    st.session_state["click"] = click["click"]
    st.session_state["facets_find"] = click["finding"]
    go(facets.chosen_in(click, current()))


def noticed(trigger: str) -> Callable[[], None]:
    """Keeps what a card or the choice of cards looks for; the search stays as it is."""

    def callback() -> None:
        st.session_state[f"facets_{trigger}"] = st.session_state["facets"][trigger]
        same_answer()

    return callback


def keep(lake: Api) -> None:
    """Other cards, or another order; nothing for the usual ones."""
    cards = st.session_state["facets"]["cards"]
    before = preference(lake, "rail")
    before = before if isinstance(before, dict) else {}
    prefer(lake, "rail", {**before, "cards": cards} if cards else None)


def fold(lake: Api) -> None:
    """A card is folded or unfolded."""
    asked = st.session_state["facets"]["fold"]
    before = preference(lake, "rail")
    folded = [path for path in facets.folded_cards(before) if path != asked["field"]]
    if asked["folded"]:
        folded.append(asked["field"])
        same_answer()
    prefer(lake, "rail", {**(before if isinstance(before, dict) else {}), "folded": folded})


def found(lake: Api, state: PageState, answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values that a card looks for, or more of them; asked for once a search."""
    asked = st.session_state.get("facets_find")
    if not asked or answer is None:
        return None
    search = asked_of(state)
    kept = st.session_state.get("facets_found")
    name = json.dumps([asked, search.body(), answer["generation"]], sort_keys=True)
    if kept is None or kept[0] != name:
        kept = st.session_state["facets_found"] = (name, _found(lake, search, asked))
    values: dict[str, Any] = kept[1]
    return values


def _found(lake: Api, search: Search, asked: Mapping[str, Any]) -> dict[str, Any]:
    field, text = str(asked["field"]), str(asked["text"])[:200]
    try:
        answer = lake.facet(field, search, contains=text, limit=MORE)
    except (Away, Problem):
        return {**asked, "values": [], "more": False}
    return {**asked, "values": facets.entries(field, answer["values"]), "more": answer["more"]}


def catalogue(lake: Api) -> dict[str, Any] | None:
    """The fields that could be cards: those of the registry, or any attribute that is called like a text."""
    asked = st.session_state.get("facets_catalogue")
    if asked is None or not asked["open"]:
        return None
    text = str(asked["text"]).strip()[:200]
    if not text:
        listed = [one for one in registry.load().fields if one.facet or one.histogram]
        return {"text": "", "fields": [{"field": path, "label": shown(path).label} for path in map(_path, listed)]}
    try:
        answer = lake.fields(text, _CATALOGUE)
    except (Away, Problem):
        answer = []
    fields = [
        {"field": one["keyword"], "label": shown(one["keyword"]).label, "tag": one["tag"], "private": one["private"]}
        for one in answer
        if facets.resolved(one["keyword"])
    ]
    return {"text": text, "fields": fields}


def _path(field: registry.Field) -> str:
    """The field as a card has it: its canonical values where there are some."""
    return f"{field.keyword}.canonical" if field.canonical else field.keyword
