"""The page Index: start long work over the lake, and watch it."""

from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from ui import toasts
from ui.client import Away, Problem, lake
from ui.components import component
from ui.jobs import data
from ui.leaving import visit
from ui.search.nothing import away, state_in_words
from ui.words import say

_REFUSED: Final = "job_refused"


def main() -> None:
    """Paint the page."""
    st.set_page_config(page_title=f"{say('indexing.title')} – Dicomlake")
    try:
        listed = lake().jobs()
    except Away as error:
        away(lake(), error)
        return
    except Problem as problem:
        unserved = problem.status == 404
        state_in_words(say("indexing.no_jobs_here") if unserved else problem.title, "" if unserved else problem.detail)
        return
    st.caption(say("indexing.lead"))
    with st.container(key="starts"):
        left, middle, right = st.columns([2, 1, 1])
        with left:
            folders()
        with middle:
            offer("sample")
        with right:
            offer("import-idc", "idc")
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(f"**{say('indexing.refused')}.** {refused}", icon=":material/error:")
    st.subheader(say("indexing.jobs"))
    # While something runs the list alone is painted every second; when all has ended, it stops.
    running = any(data.is_active(job) for job in listed)
    st.fragment(watch, run_every=1.0 if running else None)(running)


def folders() -> None:
    """Folders to index."""
    with st.form("index", border=True):
        st.markdown(f"**{say('indexing.folder')}**")
        st.text_area(
            say("indexing.folder"),
            key="sources",
            placeholder=say("indexing.placeholder"),
            help=say("indexing.folder_how"),
            height=80,
            label_visibility="collapsed",
        )
        st.checkbox(say("indexing.prune"), key="prune")
        st.form_submit_button(say("indexing.index"), type="primary", key="start_index", on_click=index)


def index() -> None:
    """Start indexing what is written in the form."""
    sources = [line.strip() for line in st.session_state["sources"].splitlines() if line.strip()]
    if sources:
        start("index", sources=sources, prune=bool(st.session_state["prune"]))


def offer(kind: str, word: str = "") -> None:
    """A job that needs nothing but a click."""
    word = word or kind
    with st.container(border=True, height="stretch", key=f"offer_{word}"):
        st.markdown(f"**{say(f'indexing.{word}')}**")
        st.caption(say(f"indexing.{word}_how"))
        st.button(say(f"indexing.{word}_start"), key=f"start_{word}", on_click=start, args=(kind,))


def start(kind: str, **arguments: Any) -> None:
    """Ask the service for a job; what it refuses is said on the page."""
    try:
        lake().start(kind, **arguments)
    except (Away, Problem) as error:
        st.session_state[_REFUSED] = error.detail


def watch(running: bool) -> None:
    """The list of jobs."""
    try:
        listed = lake().jobs()
    except (Away, Problem):
        return  # the next second asks again, and the next run of the page says why
    if not listed:
        st.caption(say("indexing.no_jobs"))
        return
    component("jobs")(
        key="jobs", data=data.jobs(listed), on_stop_change=on("stop", stop), on_quarantine_change=on("quarantine", see)
    )
    if running and not any(data.is_active(job) for job in listed):
        st.rerun(scope="app")


def on(trigger: str, act: Callable[[str], None]) -> Callable[[], None]:
    """What to do when the list sends ``trigger``."""

    def callback() -> None:
        act(st.session_state["jobs"][trigger])

    return callback


def stop(id: str) -> None:
    """Cancel a job, or take one that has ended off the list."""
    try:
        lake().cancel(id)
    except (Away, Problem) as error:
        toasts.refused(error)


def see(id: str) -> None:
    """The quarantine."""
    visit("quality", {"tab": ["quarantine"]})
