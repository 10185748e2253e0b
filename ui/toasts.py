"""What could not be done, said once in a corner of the page. A toast has no mark for another language, so it speaks the
page's own: where a refusal has no words in that, it says what kind of refusal it was."""

import streamlit as st

from ui import refusals
from ui.client import Away, Problem
from ui.language import language
from ui.words import say


def refused(error: Away | Problem) -> None:
    """Say what the service refused, or that it is away."""
    st.toast(words(error), icon=":material/error:")


def words(error: Away | Problem) -> str:
    """What is the matter, in the language in force and in no other."""
    if isinstance(error, Away) or error.spoken is None:
        return error.detail
    known = {sentence[language.get()] for sentence in refusals.sentences().values()}
    return error.title if error.title in known else say("search.refused_with", status=error.status)
