"""States without hits, in words, with what helps: the page goes on by itself as soon as it can."""

import html
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import toasts, views
from ui.asking import asked_of, forget_whole
from ui.client import Api, Away, EngineAway, Problem
from ui.components import component
from ui.conditions import cleared, conditions, without
from ui.format import count
from ui.leaving import visit
from ui.search.address import on
from ui.state import PageState
from ui.words import areas, say

_COMMANDS: Final = 460
"""Pixels of a box with commands to type."""
_AGAIN: Final = 2.0
"""Seconds between two looks whether the service is back."""
_WATCH: Final = 1.0
"""Seconds between two looks at a job."""
_TRIED: Final = 12
"""Conditions whose dropping is tried out: each is a search."""
_JOB: Final = "sample_job"


def state_in_words(title: str, text: str = "") -> DeltaGenerator:
    """A state without hits; what helps goes into the container this gives."""
    st.html(f'<div class="dl-nothing"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>')
    return st.container(horizontal_alignment="center", gap="medium")


def away(lake: Api, error: Away) -> None:
    """The API, or the search server behind it, does not answer."""
    behind = isinstance(error, EngineAway)
    title, how = ("engine_away", "engine_away_how") if behind else ("away", "away_how")
    with state_in_words(say(f"search.{title}"), say(f"search.{how}", url=lake.url)):
        command = "dicomlake doctor" if behind else "dicomlake serve"
        st.code(f"{command} --data ./lake", language=None, width=_COMMANDS)
        st.button(say("search.again"), type="primary", icon=":material/refresh:", key="again")
        _come_back(lake)


@st.fragment(run_every=_AGAIN)
def _come_back(lake: Api) -> None:
    """Paint the page as soon as the API answers."""
    if lake.answers():
        st.rerun()
    st.html(f'<p class="dl-waiting" role="status">{html.escape(say("search.away_waiting"))}</p>')


# The lake is empty


def first_run(lake: Api) -> None:
    """The lake is empty: the sample archive a click away, and how to index one's own files."""
    with state_in_words(say("search.empty"), say("search.empty_how")):
        if not _sample(lake):
            st.button(say("search.reload"), type="primary", icon=":material/refresh:", key="again")
        st.html(f'<p class="dl-waiting">{html.escape(say("search.empty_own"))}</p>')
        to_index, icon = say("search.to_index"), ":material/database_upload:"
        st.button(to_index, icon=icon, key="to_index", on_click=visit, args=("index", {}))
        st.code("dicomlake index FOLDER --data ./lake", language=None, width=_COMMANDS)
        st.code("dicomlake sample ./archive\ndicomlake index ./archive --data ./lake", language=None, width=_COMMANDS)


def _sample(lake: Api) -> bool:
    """The button that indexes the sample archive, or how far that is; False where the service takes no jobs."""
    if _JOB not in st.session_state:
        try:
            jobs = lake.jobs()
        except (Away, Problem):
            return False
        running = next(
            (job for job in jobs if job["kind"] == "sample" and job["status"] in ("queued", "running")), None
        )
        st.session_state[_JOB] = running and running["id"]
    if st.session_state[_JOB]:
        _progress(lake)
    else:
        label = say("search.sample_start")
        st.button(label, type="primary", icon=":material/science:", key="sample", on_click=_start, args=(lake,))
    return True


def _start(lake: Api) -> None:
    try:
        st.session_state[_JOB] = lake.start("sample")["id"]
    except (Away, Problem) as error:
        st.session_state["refused"] = toasts.words(error)


@st.fragment(run_every=_WATCH)
def _progress(lake: Api) -> None:
    """How far the sample archive is; the page with it as soon as it is there."""
    try:
        job = lake.job(st.session_state[_JOB])
    except (Away, Problem):
        st.session_state.pop(_JOB, None)
        st.rerun()
    if job["status"] in ("done", "failed", "cancelled"):
        st.session_state.pop(_JOB, None)
        forget_whole()
        if job["status"] == "failed":
            failed = job["error"] and toasts.words(Problem(job["error"]))
            st.session_state["refused"] = failed or say("search.sample_failed")
        st.rerun()
    share, text = _how_far(job)
    with st.container(horizontal_alignment="center"):
        st.progress(share, text=text, width=_COMMANDS)


def _how_far(job: dict[str, Any]) -> tuple[float, str]:
    """The part that is done, and what is being done, in words."""
    progress = job["progress"]
    if not progress:
        return 0.0, say("search.sample_queued")
    key = f"sample_{progress['phase']}"
    said = say(f"search.{key}") if key in areas()["search"] else progress["message"]
    if not progress["total"]:
        return 0.0, said
    return min(
        1.0, progress["done"] / progress["total"]
    ), f"{said}: {count(progress['done'])} / {count(progress['total'])}"


# Nothing matches


def no_hits(lake: Api, state: PageState) -> None:
    """No hit: which condition to drop, found by counting."""
    gains = []
    for condition in conditions(state)[:_TRIED]:
        try:
            total = views.total_of(state.level, lake.search(asked_of(condition.without))["totals"])
        except (Away, Problem):
            continue
        if total:
            gains.append((total, condition.chip() | {"gain": views.units(state.level, total)}))
    gains.sort(key=lambda each: -each[0])
    title = say("search.none_match", units=say(f"units.many_{state.level}"))
    if gains:
        state_in_words(title, say("search.without_one"))
    else:
        state_in_words(title, say("search.clear_all"))
    component("conditions")(
        key="suggestions",
        data={
            "items": [gain for _, gain in gains] or [one.chip() for one in conditions(state)],
            "centred": True,
            "hint": "",
        },
        on_drop_change=on("suggestions", "drop", without),
        on_clear_change=on("suggestions", "clear", lambda state, _: cleared(state)),
    )
