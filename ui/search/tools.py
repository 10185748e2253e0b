"""The row above the hits: how they are shown and ordered, their columns, the link, the download.

It is a fragment: looking for a column, or asking for a download, is no reason to search again.
"""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from ui import columns as columns_of
from ui import toasts
from ui.asking import asked_of
from ui.client import Api, Away, Problem
from ui.components import component
from ui.preferences import prefer, preference
from ui.search.address import current, go
from ui.search.save import keep, kept, look
from ui.state import VIEWS, PageState
from ui.views import fields_of, order
from ui.words import say

_ORDERS: Final = {
    "newest": "-StudyDate",
    "oldest": "StudyDate",
    "largest": "-bytes",
    "most_images": "-instanceCount",
    "patient": "PatientID",
    "description": "SeriesDescription",
    "modality": "Modality",
}
_NOT_OF_A_FILE: Final = ("facets", "facet_limit", "histograms", "limit", "skip", "cursor")
"""What a search may ask for and a download has not."""
_WANTED: Final = "tools_wanted"
"""What was looked for in the chooser of columns, until that is answered."""
_LATER: Final = "tools_later"
"""Set by a callback of the fragment when the whole page has to be painted anew."""


def download(state: PageState) -> None:
    """Ask for a file of all hits of a search, from a callback; the next run hands its address to the browser."""
    st.session_state["download"] = state


@st.fragment
def tools(lake: Api, state: PageState, shown: Sequence[str]) -> None:
    """The row above the hits."""
    if st.session_state.pop(_LATER, False):
        st.rerun()
    kept()
    component("tools")(
        key="tools",
        data=_data(lake, state, shown),
        on_view_change=lambda: _go(current().showing(view=_chosen("view"))),
        on_sort_change=lambda: _go(current().asking(sort=(_chosen("sort"),))),
        on_find_change=lambda: st.session_state.update({_WANTED: _chosen("find")}),
        on_columns_change=lambda: _arrange(lake, _chosen("columns")),
        on_csv_change=lambda: download(current()),
        on_save_change=lambda: keep(lake, _chosen("save")),
        on_visit_change=lambda: _visit(_chosen("visit")),
    )


def _chosen(trigger: str) -> Any:
    return st.session_state["tools"][trigger]


def _go(state: PageState) -> None:
    go(state)
    st.session_state[_LATER] = True


def _visit(page: str) -> None:
    look(page)
    st.session_state[_LATER] = True


def _arrange(lake: Api, names: Sequence[str] | None) -> None:
    level, own = current().level, list(names or ()) or None
    prefer(lake, columns_of.setting(level), None if own == columns_of.standard(level) else own)
    _go(current().showing(columns=()))


def _data(lake: Api, state: PageState, shown: Sequence[str]) -> dict[str, Any]:
    sort = order(state)[0]
    orders = [{"value": value, "label": say(f"tools.{name}")} for name, value in _ORDERS.items()]
    if sort not in _ORDERS.values():
        label = columns_of.option(sort.lstrip("-"))["label"]
        way = say("tools.descending" if sort.startswith("-") else "tools.ascending", label=label)
        orders.append({"value": sort, "label": way})
    kept = preference(lake, columns_of.setting(state.level))
    return {
        "api": lake.url,
        "level": state.level,
        "view": state.view,
        "views": list(VIEWS),
        "sort": sort,
        "orders": orders,
        "columns": [columns_of.option(name) for name in shown],
        "standard": not kept and not state.columns,
        "found": _found(lake, state, shown),
        "most": columns_of.MOST,
        "file": _file(lake, shown),
    }


def _found(lake: Api, state: PageState, shown: Sequence[str]) -> dict[str, Any] | None:
    """What the chooser of columns offers for what was typed there, and what that was; told once, browsers keep it."""
    asked = st.session_state.pop(_WANTED, None)
    if asked is None:
        return None
    wanted = str(asked).strip()[:200]
    options = columns_of.suggested(state.level, shown)
    if wanted:
        try:
            options = columns_of.found(lake.fields(wanted))
        except (Away, Problem):
            options = []
    return {"wanted": wanted, "options": options}


def _file(lake: Api, shown: Sequence[str]) -> dict[str, Any] | None:
    """The address of a download that was asked for, once."""
    state: PageState | None = st.session_state.pop("download", None)
    if state is None:
        return None
    st.session_state["downloads"] = number = st.session_state.get("downloads", 0) + 1
    body = asked_of(state, fields=exported(state.level, shown)).body()
    export = {name: value for name, value in body.items() if name not in _NOT_OF_A_FILE} | {"format": "csv"}
    try:
        return {"number": number, "url": lake.download(export)}
    except Away:
        return {"number": number, "refused": say("tools.away")}
    except Problem as problem:
        return {"number": number, "refused": toasts.words(problem)}


def exported(level: str, shown: Sequence[str]) -> list[str]:
    """Columns of the file: the identities of a hit, then those of the table with raw beside canonical values."""
    identities = {
        "instance": ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"],
        "series": ["SeriesInstanceUID", "StudyInstanceUID"],
        "study": ["StudyInstanceUID"],
        "patient": ["PatientID"],
    }[level]
    counted = [name for name in shown if name in ("seriesCount", "studyCount")]
    return list(dict.fromkeys([*identities, *fields_of(shown), *counted]))
