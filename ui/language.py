"""The language of a run of the script: English or Spanish, and how numbers are written in it."""

from contextvars import ContextVar, Token
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES: Final = {"en": "English", "es": "Español"}

_KEPT: Final = "language"
"""What the session speaks: callbacks come before the script has said it again."""


class _Language:
    """The language in force: that of this run, else that of the session, else English."""

    def __init__(self) -> None:
        self._of_run: ContextVar[str | None] = ContextVar("language", default=None)

    def get(self) -> str:
        return self._of_run.get() or self._of_session() or "en"

    def set(self, chosen: str) -> Token[str | None]:
        if get_script_run_ctx(suppress_warning=True) is not None:
            st.session_state[_KEPT] = chosen
        return self._of_run.set(chosen)

    def reset(self, token: Token[str | None]) -> None:
        self._of_run.reset(token)

    def _of_session(self) -> str | None:
        in_script = get_script_run_ctx(suppress_warning=True) is not None
        return st.session_state.get(_KEPT) if in_script else None


language: Final = _Language()

_GROUPS: Final = {"en": ",", "es": "."}
_POINTS: Final = {"en": ".", "es": ","}


def speak(wanted: str | None) -> str:
    """Choose the language that ``wanted`` (a browser's locale such as ``es-ES``) begins with, English for any other;
    gives the choice."""
    short = (wanted or "").lower().partition("-")[0]
    chosen = short if short in LANGUAGES else "en"
    language.set(chosen)
    return chosen


def grouped(number: int) -> str:
    """``20556282`` -> ``20,556,282``, in Spanish ``20.556.282``."""
    return f"{number:,}".replace(",", _GROUPS[language.get()])


def pointed(text: str) -> str:
    """A number in digits with the decimal sign of the language: ``1.5`` -> ``1,5`` in Spanish."""
    return text.replace(".", _POINTS[language.get()])
