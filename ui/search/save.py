"""Keeping a search under a name, from the row above the hits."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from ui import toasts
from ui.client import Api, Away, Problem
from ui.leaving import visit
from ui.search.address import current
from ui.words import say

_TOLD: Final = "saved_told"


def keep(lake: Api, asked: Mapping[str, Any]) -> None:
    """Keep the search of the address under ``asked["name"]``, without the hit that is open and the page."""
    name = str(asked["name"]).strip()[:200]
    if not name:
        told = say("tools.save_name_first")
    else:
        try:
            lake.keep(current().showing(open=None, page=1).text(), name, shared=bool(asked["shared"]))
        except (Away, Problem) as error:
            told = toasts.words(error)
        else:
            st.session_state[_TOLD] = say("saved.saved", name=name), ":material/bookmark_added:"
            return
    st.session_state[_TOLD] = told, ":material/error:"


def kept() -> None:
    """Say once what has become of it. Not in the callback: of a fragment it may not paint anything."""
    if told := st.session_state.pop(_TOLD, None):
        text, icon = told
        st.toast(text, icon=icon)


def look(page: str) -> None:
    """Go to the saved searches, or to what is wrong and what is missing among what this search finds."""
    search = {name: st.query_params.get_all(name) for name in st.query_params if name not in ("open", "page")}
    visit(page, search if page == "quality" else {})
