"""The page Settings: the language, and the choices that the service keeps for the user."""

from typing import Final

import streamlit as st

from ui.client import lake
from ui.language import LANGUAGES
from ui.preferences import chosen, prefer, preference
from ui.words import say

LANGUAGE: Final = "language"
"""Key of the language among a user's settings."""


def main() -> None:
    """Paint the page."""
    st.set_page_config(page_title=f"{say('settings.title')} – Dicomlake")
    with st.container(width=560, key="settings"):
        st.subheader(say("settings.language"))
        st.session_state["spoken"] = preference(lake(), LANGUAGE, "")
        st.radio(
            say("settings.language"),
            ["", *LANGUAGES],
            key="spoken",
            format_func=lambda spoken: LANGUAGES.get(spoken, say("settings.browser")),
            label_visibility="collapsed",
            on_change=lambda: prefer(lake(), LANGUAGE, st.session_state["spoken"] or None),
        )
        st.subheader(say("settings.theme"))
        st.caption(say("settings.theme_how"))
        st.subheader(say("settings.kept"))
        others = sorted(key for key in chosen(lake()) if key != LANGUAGE)
        st.caption(say("settings.kept_how") if others else say("settings.nothing"))
        for key in others:
            with st.container(horizontal=True, vertical_alignment="center", key=f"kept_{key.replace('.', '_')}"):
                st.markdown(f"`{key}`", width="stretch")
                st.button(
                    say("settings.forget"),
                    key=f"forget_{key}",
                    help=say("settings.forget_what", name=key),
                    on_click=prefer,
                    args=(lake(), key, None),
                )
