"""The page Saved: the list, or two searches side by side when the address names two."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st

from ui import queries, toasts
from ui.asking import asked_of
from ui.client import Away, Problem, lake
from ui.components import component
from ui.labels import page as chosen
from ui.leaving import leave
from ui.saved import data
from ui.search.nothing import away, state_in_words
from ui.state import QueryError
from ui.words import say

_TICKED: Final = "ticked"
_NOT_FOUND: Final = 404


def main() -> None:
    """Paint the page."""
    st.set_page_config(page_title=f"{say('saved.title')} – Dicomlake")
    wanted = st.query_params.get_all("compare")
    try:
        if len(wanted) == 2:
            side_by_side(wanted)
        else:
            listed()
    except Away as error:
        away(lake(), error)
    except Problem as problem:
        state_in_words(problem.title, problem.detail)


def listed() -> None:
    """The list of saved searches."""
    try:
        searches = lake().searches()
    except Problem as problem:
        if problem.status != _NOT_FOUND:
            raise
        state_in_words(say("saved.not_here"))
        return
    if not searches:
        state_in_words(say("saved.none"), say("saved.none_how"))
        return
    ids = {one["id"] for one in searches}
    ticked = st.session_state[_TICKED] = [id for id in st.session_state.get(_TICKED, []) if id in ids]
    with st.container(horizontal=True, vertical_alignment="center", key="saved_bar"):
        st.caption(say("saved.compare_lead"))
        st.button(
            say("saved.compare"),
            key="compare",
            icon=":material/compare_arrows:",
            disabled=len(ticked) != 2,
            on_click=lambda: st.query_params.from_dict({"compare": ticked}),
        )
    component("saved")(
        key="saved",
        data=data.saved(searches, ticked),
        on_run_change=on("run", run),
        on_tick_change=on("tick", tick),
        on_rename_change=on("rename", lambda sent: changed(sent["id"], name=sent["name"])),
        on_share_change=on("share", lambda sent: changed(sent["id"], shared=sent["shared"])),
        on_forget_change=on("forget", forget),
    )


def on(trigger: str, act: Callable[[Any], None]) -> Callable[[], None]:
    """What to do when the list sends ``trigger``; what the service refuses is said."""

    def callback() -> None:
        try:
            act(st.session_state["saved"][trigger])
        except (Away, Problem) as error:
            toasts.refused(error)
        except QueryError as error:
            toasts.refused(Problem(error.problem()))

    return callback


def run(id: str) -> None:
    """Show the search on the page Search."""
    leave(data.state_of(lake().kept(id)))


def tick(sent: Mapping[str, Any]) -> None:
    """Choose a search to compare, the latest two at most."""
    others = [id for id in st.session_state.get(_TICKED, []) if id != sent["id"]]
    st.session_state[_TICKED] = [*others, sent["id"]][-2:] if sent["ticked"] else others


def changed(id: str, **changes: Any) -> None:
    """Change name or sharing."""
    lake().change(id, **changes)


def forget(id: str) -> None:
    """Forget a search."""
    lake().forget(id)


def side_by_side(ids: Sequence[str]) -> None:
    """Two searches, compared."""
    st.button(say("saved.back"), icon=":material/arrow_back:", key="back", on_click=st.query_params.clear)
    try:
        kept = [lake().kept(id) for id in ids]
    except Problem as problem:
        if problem.status != _NOT_FOUND:
            raise
        state_in_words(say("saved.gone"))
        return
    try:
        states = [data.state_of(one) for one in kept]
    except QueryError as error:
        state_in_words(say("search.link_broken"), queries.told(error))
        return
    asked = [asked_of(state, level="series", sort=(), facets=chosen()["compared"]) for state in states]
    painted = data.compared(kept, [lake().search(one) for one in asked], [lake().years(one) for one in asked])
    component("compare")(key="compared", data=painted, on_open_change=_opened)


def _opened() -> None:
    leave(data.state_of(lake().kept(st.session_state["compared"]["open"])))
