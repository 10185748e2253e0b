"""What was found: the counts row, and the page of hits as a table or a gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from ui import columns as columns_of
from ui import late, views
from ui.client import Api
from ui.components import component
from ui.preferences import prefer, preference
from ui.search.address import current, go, on
from ui.search.tools import download
from ui.state import PageState, parse_open


def counts(answer: Mapping[str, Any], whole: Mapping[str, int]) -> None:
    """The counts row."""
    component("counts")(key="counts", data={"tiles": views.counts(answer["totals"], whole)})


def columns(lake: Api, state: PageState) -> list[str]:
    """The columns in force."""
    return columns_of.chosen(state, preference(lake, columns_of.setting(state.level)))


def results(lake: Api, state: PageState, answer: Mapping[str, Any], shown: Sequence[str]) -> None:
    """The page of hits."""
    component("results")(
        key="results",
        data={**views.table(state, answer, shown, preference(lake, columns_of.WIDTHS)), "api": lake.url},
        on_sort_change=on("results", "sort", lambda state, sort: state.asking(sort=(sort,))),
        on_open_change=on("results", "open", lambda state, id: state.showing(open=parse_open(id))),
        on_page_change=on("results", "page", lambda state, number: state.showing(page=max(1, int(number)))),
        on_only_change=on("results", "only", only),
        on_csv_change=lambda: download(only(current(), st.session_state["results"]["csv"])),
        on_columns_change=lambda: arrange(lake, st.session_state["results"]["columns"]),
        on_widths_change=lambda: widen(lake, st.session_state["results"]["widths"]),
    )


def only(state: PageState, uids: Sequence[str]) -> PageState:
    """The search for the ticked hits and nothing else."""
    filters = {views.IDENTITY[state.level]: tuple(map(str, uids))}
    return PageState(level=state.level, filters=filters, sort=state.sort, columns=state.columns, view=state.view)


def arrange(lake: Api, names: Sequence[str] | None) -> None:
    """Keep the user's columns of the level; none are the level's own. Those of the address give way."""
    state = current()
    own = list(names or ()) or None
    prefer(lake, columns_of.setting(state.level), None if own == columns_of.standard(state.level) else own)
    if state.columns:
        go(replace(state, columns=()))


def widen(lake: Api, changed: Mapping[str, int]) -> None:
    """Keep the user's width of columns."""
    kept = preference(lake, columns_of.WIDTHS)
    prefer(lake, columns_of.WIDTHS, {**(kept if isinstance(kept, dict) else {}), **changed})


def thumbnails(lake: Api, state: PageState, answer: Mapping[str, Any], more: Sequence[str]) -> None:
    """The pictures of the hits, and of ``more`` series, once all else is painted."""
    links = late.thumbnails(lake, state, answer["hits"], more)
    component("pictures")(key="thumbnails", data={"links": links, "api": lake.url})
