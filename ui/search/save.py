"""Keeping a search under a name, from the row above the hits."""

import streamlit as st

from ui import toasts
from ui.client import Api, Away, Problem
from ui.leaving import visit
from ui.search.address import current
from ui.words import say


def save(lake: Api) -> None:
    """A box that asks for a name, and what can be looked at of the same search."""
    with st.popover(say("saved.save"), icon=":material/bookmark_add:", key="save"):
        with st.form("save_form", border=False, clear_on_submit=True):
            st.text_input(say("saved.name"), key="save_name", max_chars=200)
            st.checkbox(say("saved.share_it"), key="save_shared")
            st.form_submit_button(say("saved.save"), type="primary", key="save_now", on_click=keep, args=(lake,))
        st.button(say("saved.see_all"), key="see_saved", icon=":material/bookmark:", on_click=visit, args=("saved", {}))
        st.button(say("saved.see_quality"), key="see_quality", icon=":material/fact_check:", on_click=quality)


def keep(lake: Api) -> None:
    """Keep the search of the address, without the hit that is open and the page."""
    name = st.session_state["save_name"].strip()
    if not name:
        st.toast(say("saved.name_first"), icon=":material/error:")
        return
    try:
        text = current().showing(open=None, page=1).text()
        lake.keep(text, name, shared=st.session_state["save_shared"])
    except (Away, Problem) as error:
        toasts.refused(error)
    else:
        st.toast(say("saved.saved", name=name), icon=":material/bookmark_added:")


def quality() -> None:
    """What is wrong and what is missing among what this search finds."""
    visit("quality", {name: st.query_params.get_all(name) for name in st.query_params if name not in ("open", "page")})
