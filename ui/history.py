"""What the user asked for before, newest first.

A query that may name a person is remembered for the session only; what the API keeps is free of them.
"""

from typing import Final

import streamlit as st

from ui.client import Api
from ui.preferences import prefer, preference
from ui.queries import names_person

MOST: Final = 20
_KEY: Final = "history"
_SESSION: Final = "asked_before"


def asked_before(lake: Api) -> list[str]:
    """Queries, each once."""
    kept = preference(lake, _KEY, [])
    listed = [*st.session_state.get(_SESSION, ()), *(kept if isinstance(kept, list) else ())]
    return list(dict.fromkeys(text for text in listed if isinstance(text, str)))[:MOST]


def remember(lake: Api, text: str) -> None:
    """Put a query on top."""
    if not text:
        return
    before = asked_before(lake)
    st.session_state[_SESSION] = [text, *(other for other in st.session_state.get(_SESSION, ()) if other != text)][
        :MOST
    ]
    if before[:1] != [text] and not names_person(text):
        kept = [other for other in before if other != text and not names_person(other)]
        prefer(lake, _KEY, [text, *kept][:MOST])


def forget(lake: Api) -> None:
    """Forget them all."""
    st.session_state.pop(_SESSION, None)
    prefer(lake, _KEY, None)
