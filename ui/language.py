"""The language of a run of the script: English or Spanish, and how numbers are written in it."""

from contextvars import ContextVar
from typing import Final

LANGUAGES: Final = {"en": "English", "es": "Español"}

language: Final[ContextVar[str]] = ContextVar("language", default="en")

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
