"""The address of the search page: what it says, and how a click makes another of it.

A search that names people is not written out: the API keeps it, and the address says ``s=`` and its id, which tells
nothing. Beside it stand the page, the open hit and how things are shown; an open patient, whose address would be a
patient id, is kept as well.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import streamlit as st

from dicomlake.query import permalink
from dicomlake.query.privacy import names_phi
from ui import toasts
from ui.client import Away, Problem, lake
from ui.state import OWN, PageState, QueryError
from ui.words import say

_KEPT: Final = "kept_searches"
"""Query strings by id, of this session: an id always stands for the same search."""

_WHOLE: Final = "page_changes"

Parameters = dict[str, list[str]]


def current() -> PageState:
    """The state in the address. Raises QueryError, and Away where the API would have to tell what a search is."""
    return PageState.parse(given())


def given() -> Parameters:
    """The parameters of the address, those of a kept search in the place of its id; raises as :func:`current`."""
    parameters = {name: st.query_params.get_all(name) for name in st.query_params}
    ids = parameters.pop("s", None)
    return parameters | parse_qs(_kept(ids[0]), keep_blank_values=True) if ids else parameters


def go(state: PageState) -> None:
    """Make a state the address: one entry of the browser's history, one run of this script."""
    try:
        st.query_params.from_dict(written(state.parameters()))
    except QueryError as error:
        st.session_state["refused"] = toasts.words(Problem(error.problem()))
    except (Away, Problem):
        st.session_state["refused"] = say("search.not_kept")


def on(name: str, trigger: str, act: Callable[[PageState, Any], PageState]) -> Callable[[], None]:
    """What to do when the component with key ``name`` sends ``trigger``."""

    def callback() -> None:
        go(act(current(), st.session_state[name][trigger]))

    return callback


def changes_page() -> None:
    """From a callback of a fragment: what it did is about the whole page, not about the fragment alone."""
    st.session_state[_WHOLE] = True


def whole_page() -> None:
    """In a fragment, before it paints: run the whole script instead where a callback asked for it."""
    if st.session_state.pop(_WHOLE, False):
        st.rerun()


def private(state: PageState) -> bool:
    """Whether what is searched may name a person."""
    return _names_person(_search(state.parameters()))


def _search(parameters: Mapping[str, Sequence[str]]) -> Parameters:
    """What belongs to the search; an open patient is a condition, any other open hit is not."""
    patient = [text for text in parameters.get("open", ()) if text.startswith("patient:")]
    search = {name: list(values) for name, values in parameters.items() if name not in OWN}
    return search | ({"open": patient} if patient else {})


def _names_person(search: Parameters) -> bool:
    return names_phi(permalink.decode(search))


def written(parameters: Parameters) -> Parameters:
    """The parameters, those of a search that names people in the API's keeping. Raises Away and Problem."""
    search = _search(parameters)
    if not _names_person(search):
        return parameters
    text = urlencode({"v": [permalink.VERSION], **search}, doseq=True)
    kept = st.session_state.setdefault(_KEPT, {})
    id = next((id for id, other in kept.items() if other == text), None)
    if id is None:
        id = str(lake().keep(text)["id"])
        kept[id] = text
    beside = {name: values for name, values in parameters.items() if name in OWN and name not in search}
    return {"s": [id], **beside}


def _kept(id: str) -> str:
    """The query string that an id stands for. Raises QueryError for one that is not kept, and Away."""
    kept = st.session_state.setdefault(_KEPT, {})
    if id not in kept:
        try:
            kept[id] = str(lake().kept(id)["state"])
        except Problem as problem:
            raise QueryError(say("search.link_gone")) from problem
    return str(kept[id])
