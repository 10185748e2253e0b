"""What could not be done is said in the page's language, since a toast cannot say that it is in another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import ui
from ui import toasts
from ui.client import Away, EngineAway, Problem
from ui.language import language

ROOT = Path(ui.__file__).parent
LISTED = {"template": "no field is named {path}", "values": {"path": "X"}}


@pytest.fixture(params=["es", "en"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    token = language.set(request.param)
    yield request.param
    language.reset(token)


def test_what_has_words_in_the_language_is_said_whole(spoken: str) -> None:
    problem = Problem({"detail": "no field is named X", "title": "Unknown field", "message": LISTED}, 422)
    expected = {"es": "Ningún campo se llama X", "en": "No field is named X"}
    assert toasts.words(problem) == expected[spoken]


def test_of_what_has_none_the_kind_is_said(spoken: str) -> None:
    problem = Problem({"detail": "a sentence of another version", "title": "Unknown field"}, 422)
    expected = {"es": "Campo desconocido", "en": "A sentence of another version"}
    assert toasts.words(problem) == expected[spoken]


def test_where_even_that_is_unknown_the_status_is_said(spoken: str) -> None:
    problem = Problem({"detail": "a sentence of another version", "title": "Another kind"}, 418)
    expected = {"es": "El servicio respondió con el estado 418.", "en": "A sentence of another version"}
    assert toasts.words(problem) == expected[spoken]


def test_a_service_that_is_away_is_said_to_be(spoken: str) -> None:
    expected = {"es": "El servidor de", "en": "The Dicomlake server"}
    assert toasts.words(Away()).startswith(expected[spoken])
    assert toasts.words(EngineAway()) != toasts.words(Away())


def test_no_toast_says_what_a_service_says_without_asking_for_its_language() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py")}
    said = {name: text for name, text in files.items() if "st.toast(" in text}
    assert {"toasts.py", "save.py"} <= said.keys()
    assert [name for name, text in said.items() if "toast(error.detail" in text or "toast(str(" in text] == []
    refused = [text for text in files.values() if '["refused"] = ' in text]
    assert refused
    assert not any('["refused"] = error.detail' in text or '["refused"] = str(error)' in text for text in refused)
