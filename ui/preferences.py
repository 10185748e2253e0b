"""What the API keeps for the user: columns, facet cards, history, language. Asked for once a session.

A service that keeps nothing (it says 404, or is away) leaves the page with its own choice, for as long as the session.
"""

from typing import Any, Final

import streamlit as st

from ui.client import Api, Away, Problem

_KEPT: Final = "preferences"


def preference(lake: Api, key: str, default: Any = None) -> Any:
    """What the user chose under ``key``, else ``default``."""
    return chosen(lake).get(key, default)


def prefer(lake: Api, key: str, value: Any) -> None:
    """Keep a choice of the user; None forgets it. What the service does not take holds for this session."""
    kept = chosen(lake)
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value
    try:
        lake.set(key, value)
    except (Away, Problem):
        return


def chosen(lake: Api) -> dict[str, Any]:
    """Every choice of the user, by key."""
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != lake.url:
        try:
            settings = lake.settings()
        except Away:
            return {}  # not for long: ask again in the next run
        except Problem:
            settings = {}
        kept = st.session_state[_KEPT] = (lake.url, settings)
    settings_: dict[str, Any] = kept[1]
    return settings_
